"""How far the parts that follow the journal are behind it."""

from justpaid.api.route import router as new_router
from justpaid.api.schemas.status import MeteringStatus, StatusOut
from justpaid.api.unit_of_work import Unit

router = new_router("status", "/v1/status")


@router.get("")
def get_status(unit: Unit) -> StatusOut:
    """How far metering is behind what was accepted, over the whole installation."""
    installation = unit.installation
    return StatusOut(metering=MeteringStatus.of(installation.metering.backlog(), installation.clock.now()))
