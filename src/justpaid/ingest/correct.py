"""Corrections of single events. A void withdraws the version that counts; an amendment also puts another in its place.

Each is a commit of its own: the void record and the new version come into the journal together or not at all. They go
past the group commit, which they would only make slower; the journal lets one writer in at a time.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from justpaid.ingest.block import Columns, encode_corrections
from justpaid.ingest.event import latest_timestamp, scope_of
from justpaid.ingest.prepare import prepare
from justpaid.ingest.reading import read_events
from justpaid.ingest.versions import Version, amend_key, void_key
from justpaid.kernel.clock import Clock
from justpaid.kernel.decimals import plain
from justpaid.kernel.errors import Conflict, InvalidRequest
from justpaid.kernel.instants import microseconds_of
from justpaid.platform.journal import Entries, Journal, Refusal

_encoder: Final = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Standing:
    """The version of an event that counts now; `properties` is its canonical JSON. A new version belongs to the same
    backfill, where it belongs to one."""

    organisation_id: str
    id: str
    sequence: int
    customer_key: str
    event: str
    timestamp: datetime
    quantity: Decimal
    properties: str
    backfill: str = ""


class _Overtaken(Exception):
    """Raised within the journal's commit, so that half a correction is never written."""


class Corrections:
    """`request`, where one is given, is what a client repeats when it does not know whether it was heard."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    def void(self, standing: Standing, *, request: bytes | None = None) -> None:
        """Withdraw it: it no longer counts from here on.  Raises: Conflict if another correction came first."""
        self._commit(standing, None, _digest(request))

    def amend(
        self, standing: Standing, changes: Mapping[str, Any], *, live: bool, request: bytes | None = None
    ) -> None:
        """Let a version with `changes` (wire fields of an event; all others stay) count in its place.

        `live`: as for any event, its timestamp can't lie in the future.
        Raises: InvalidRequest, naming the field; Conflict if another correction came first.
        """
        self._commit(standing, self._changed(standing, changes, live), _digest(request))

    def is_by(self, versions: Sequence[Version], organisation_id: str, request: bytes) -> bool:
        """Whether this very request has already corrected one of these versions."""
        withdrawn = [version.sequence for version in versions if version.withdrawn_at is not None]
        if not withdrawn:
            return False
        # All of these keys are there, so that this writes nothing; it only compares.
        scope, digest = scope_of(organisation_id), _digest(request)
        entries = Entries([void_key(scope, sequence) for sequence in withdrawn], [digest] * len(withdrawn))
        verdict = self._journal.commit(entries, _refuse)
        return any(refused.why is Refusal.DUPLICATE for refused in verdict.refused.values())

    def _changed(self, standing: Standing, changes: Mapping[str, Any], live: bool) -> Columns:
        """The new version, checked as if it were sent."""
        sent = {
            "id": standing.id,
            "customer_id": standing.customer_key,
            "event": standing.event,
            "timestamp": standing.timestamp.isoformat(),
            "quantity": plain(standing.quantity),
            "properties": msgspec.Raw(standing.properties.encode()),
            **changes,
        }
        now = self._clock.now()
        body = _encoder.encode(sent)
        events = read_events(body, ndjson=False, max_events=1)
        prepared = prepare(
            events,
            body,
            organisation_id=standing.organisation_id,
            now=microseconds_of(now),
            latest=latest_timestamp(now, live=live),
        )
        for error in prepared.receipt.errors:
            field, _, message = error["message"].partition(": ")
            raise InvalidRequest.of(field, message, code=error["code"])
        return prepared.columns

    def _commit(self, standing: Standing, replacement: Columns | None, digest: bytes) -> None:
        scope = scope_of(standing.organisation_id)
        entries = Entries([void_key(scope, standing.sequence)], [digest])
        columns = _void_record(standing)
        if replacement is not None:
            entries.add(amend_key(scope, standing.sequence), digest)
            columns.extend(replacement)
        voids: list[int | None] = [standing.sequence, *[None] * (len(entries) - 1)]
        received_at = microseconds_of(self._clock.now())

        def encode(accepted: Sequence[int], first: int) -> bytes:
            if len(accepted) < len(entries):
                raise _Overtaken
            return encode_corrections(
                columns, received_at, voids, replaced=replacement is not None, backfill=standing.backfill
            )

        try:
            verdict = self._journal.commit(entries, encode)
            overtaken = bool(verdict.refused)
        except _Overtaken:
            overtaken = True
        if overtaken:
            raise Conflict(
                f"Event {standing.id!r} was corrected by another request in the meantime. Look at it again, and "
                "repeat yours if it still applies."
            )


def _void_record(standing: Standing) -> Columns:
    """It names the withdrawn version's customer and time, so that metering knows what it touches."""
    return Columns(
        organisation=[standing.organisation_id],
        id=[standing.id],
        customer=[standing.customer_key],
        event=[standing.event],
        timestamp=[microseconds_of(standing.timestamp)],
        quantity=["0"],
        properties=[b"{}"],
    )


def _digest(request: bytes | None) -> bytes:
    """Without a name of its own a request is like no other."""
    return os.urandom(8) if request is None else hashlib.blake2b(request, digest_size=8).digest()


def _refuse(accepted: Sequence[int], first: int) -> bytes:
    raise AssertionError("a key of the journal is gone")
