"""Expired sessions, links and counts of attempts go by themselves."""

import threading
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Final

from justpaid.accounts import forget_expired
from justpaid.installation.installation import Installation
from justpaid.installation.repeated import repeated

_EVERY: Final = timedelta(hours=1)


def upkeep_by_itself(installation: Installation) -> AbstractContextManager[None]:
    """Look once an hour while the block runs."""

    def look(_stopping: threading.Event) -> None:
        with installation.database.system() as session:
            forget_expired(session, installation.clock.now())

    return repeated(look, _EVERY, name="upkeep")
