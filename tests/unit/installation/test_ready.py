"""Readiness: true only while every part runs, else the reason."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from justpaid.installation import Installation
from justpaid.kernel.clock import SystemClock
from justpaid.kernel.errors import EngineUnavailable


@dataclass
class Database:
    refusal: str | None = None

    def ready(self) -> None:
        if self.refusal is not None:
            raise EngineUnavailable(self.refusal)


@dataclass
class Parts:
    committer: bool = True
    drainer: bool = True
    database: Database = field(default_factory=Database)

    def installation(self) -> Installation:
        parts: dict[str, Any] = dict.fromkeys(("settings", "journal", "warehouse", "backfills", "imports", "feed"))
        return Installation(
            **parts,
            clock=SystemClock(),
            database=self.database,  # type: ignore[arg-type]
            metering=SimpleNamespace(running=self.drainer),  # type: ignore[arg-type]
            ingest=SimpleNamespace(running=self.committer),  # type: ignore[arg-type]
        )


def test_all_parts_run() -> None:
    assert Parts().installation().ready() is True


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        (Parts(committer=False), "the committer has stopped, so no event is accepted; restart the server"),
        (Parts(drainer=False), "metering has stopped, so usage stands still; restart the server"),
        (Parts(database=Database("PostgreSQL does not answer: gone")), "PostgreSQL does not answer: gone"),
    ],
)
def test_a_part_that_does_not_run_is_the_reason(parts: Parts, reason: str) -> None:
    assert parts.installation().ready() == reason
