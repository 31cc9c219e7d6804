"""Old events leave the warehouse, or its fast disk, by themselves, as the settings say.

An event goes when its timestamp is older than the retention and no invoice needs it any more; then the whole month
goes (`metering/expired.py`). Events that are only cold move to the other disk by the month in which they came.
"""

from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
import structlog

from justpaid.accounts import Organisation
from justpaid.installation.installation import Installation
from justpaid.installation.repeated import repeated
from justpaid.invoicing import needed_from
from justpaid.metering import move_cold

log = structlog.get_logger(__name__)

_EVERY: Final = timedelta(hours=1)


def retention_by_itself(installation: Installation) -> AbstractContextManager[None]:
    """Look once an hour, and at the beginning, while the block runs; not at all unless a setting asks for it."""
    settings = installation.settings
    if settings.events_retention_days is None and settings.events_cold_after_days is None:
        return nullcontext()
    return repeated(lambda _stopping: keep_to_the_settings(installation), _EVERY, name="retention", at_once=True)


def keep_to_the_settings(installation: Installation) -> int:
    """Expire and move what is due now; how many events went.  Raises: Overloaded, EngineUnavailable."""
    settings, now = installation.settings, installation.clock.now()
    if settings.events_cold_after_days is not None:
        move_cold(installation.warehouse, now - timedelta(days=settings.events_cold_after_days))
    if settings.events_retention_days is None:
        return 0
    kept = timedelta(days=settings.events_retention_days)
    with installation.database.system() as session:
        needed = needed_from(session, now, kept)
        organisations = session.scalars(sa.select(Organisation.id)).all()
    oldest = now - kept
    removed = installation.metering.expire({key: min(oldest, needed.get(key, oldest)) for key in organisations})
    if removed:
        log.info("retention.events_expired", events=removed)
    return removed
