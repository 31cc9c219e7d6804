"""Usage that is on no invoice and will be on none."""

from typing import Annotated, Final

from fastapi import Query

from justpaid.accounts import find_organisation
from justpaid.api.route import router as new_router
from justpaid.api.schemas.unbilled import UnbilledOut, UnbilledReason
from justpaid.api.schemas.usage import QueryInstant, asked_period
from justpaid.api.unit_of_work import Unit
from justpaid.invoicing import unbilled

router = new_router("usage", "/v1/unbilled")

_FRESH_WITHIN_S: Final = 1.0


@router.get("")
def get_unbilled(
    unit: Unit,
    start: Annotated[
        QueryInstant | None, Query(alias="from", description="Inclusive. Defaults to the current month's start.")
    ] = None,
    end: Annotated[
        QueryInstant | None, Query(alias="to", description="Exclusive. Defaults to the current month's end.")
    ] = None,
) -> UnbilledOut:
    """Events of a time that matched no customer, meter or price, or came too late for their invoice."""
    metering = unit.installation.metering
    metering.drain(_FRESH_WITHIN_S)  # first, while no connection is held
    zone = find_organisation(unit.session, unit.organisation_id).timezone
    period = asked_period(start, end, unit.now(), zone)
    metering.expired.require(unit.organisation_id, period.start)
    gaps = unbilled(unit.session, metering, unit.organisation_id, period)
    return UnbilledOut(start=period.start, end=period.end, timezone=zone, data=[UnbilledReason.of(gap) for gap in gaps])
