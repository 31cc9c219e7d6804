"""The dashboard's first page in one answer."""

import threading
import time
from typing import Annotated, Final
from weakref import WeakKeyDictionary

from fastapi import Query

from justpaid.accounts import find_organisation
from justpaid.api.route import router as new_router
from justpaid.api.schemas.overview import OverviewOut
from justpaid.api.schemas.usage import check_timezone
from justpaid.api.unit_of_work import Unit
from justpaid.insights import overview
from justpaid.metering import Metering

router = new_router("overview", "/v1/overview")

#: Many screens that ask at once cost no more than one.
_KEPT_S: Final = 1.0
_MOST: Final = 1000


class _Recent:
    """What was answered within the last second, by organisation and time zone."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], tuple[float, OverviewOut]] = {}
        self._lock = threading.Lock()

    def get(self, key: tuple[str, str]) -> OverviewOut | None:
        with self._lock:
            until, answer = self._answers.get(key, (0.0, None))
        return answer if time.monotonic() < until else None

    def keep(self, key: tuple[str, str], answer: OverviewOut) -> None:
        with self._lock:
            if len(self._answers) >= _MOST:
                self._answers.clear()
            self._answers[key] = time.monotonic() + _KEPT_S, answer


_recent: WeakKeyDictionary[Metering, _Recent] = WeakKeyDictionary()


@router.get("")
def get_overview(
    unit: Unit,
    timezone: Annotated[
        str | None, Query(description="IANA zone of days and months; defaults to the organisation's.")
    ] = None,
) -> OverviewOut:
    """How it goes: events, metering, revenue and invoices. At most a second old."""
    metering: Metering = unit.installation.metering
    metering.traffic.of(unit.organisation_id)  # the first time takes long, so while no connection is held
    zone = timezone or find_organisation(unit.session, unit.organisation_id).timezone
    check_timezone(zone)
    recent = _recent.setdefault(metering, _Recent())
    answer = recent.get((unit.organisation_id, zone))
    if answer is None:
        found = overview(
            unit.session,
            metering,
            unit.installation.ingest,
            unit.organisation_id,
            zone,
            unit.now(),
            unit.installation.clock,
        )
        answer = OverviewOut.of(found, zone)
        recent.keep((unit.organisation_id, zone), answer)
    return answer
