"""The standing checks of the whole installation, as far as one organisation may know of them."""

import threading
from typing import Final, cast

import structlog

from justpaid.api.route import router as new_router
from justpaid.api.schemas.checks import ChecksOut
from justpaid.api.unit_of_work import Unit
from justpaid.installation import Installation, run_checks
from justpaid.kernel.errors import Overloaded

router = new_router("status", "/v1/checks")

log = structlog.get_logger(__name__)

#: A check recounts every event; two at once would only be slower.
_one_at_a_time: Final = threading.Lock()


@router.get("")
def get_checks(unit: Unit) -> ChecksOut:
    """Whether events, usage, invoices and isolation hold what they promise, counted anew. Takes its time."""
    if not _one_at_a_time.acquire(blocking=False):
        raise Overloaded("The checks are running for somebody else; ask again shortly.", retry_after_s=5)
    try:
        results = run_checks(cast(Installation, unit.installation))
    finally:
        _one_at_a_time.release()
    for result in results:
        if not result.ok:
            log.error("check_does_not_hold", check=result.name, detail=result.detail)
    return ChecksOut.of(results)
