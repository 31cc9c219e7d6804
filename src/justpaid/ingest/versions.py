"""The versions of an event, chained through the journal's permanent keys.

The key of the event's id leads to its first record. A record's void key leads to the record that withdrew it, its amend
key to the record that took its place. So the journal itself, at once and for ever, says which version counts, and lets
only one of two corrections of the same version win.

A backfill that is reverted gives its ids back, and one that replaces takes over those of what it replaces. Then the id
is sent again: the first record's again key leads to the record that it was sent as next.
"""

import hashlib
from dataclasses import dataclass

from justpaid.ingest.event import journal_key, scope_of
from justpaid.platform.journal import Journal


@dataclass(frozen=True, slots=True)
class Version:
    """`sequence` is where its content is; `withdrawn_at` the sequence of the void that ended it, if one did.
    `sent` tells what came from a client from what an amendment made of it; `amended`: another version took its place.
    """

    sequence: int
    withdrawn_at: int | None
    sent: bool
    amended: bool


def versions_of(journal: Journal, organisation_id: str, event_id: str) -> list[Version]:
    """All versions of an event, the first one first; none if its id is unknown.

    Of each that was sent, the last one that amendments made of it counts, unless it was withdrawn (then the event is
    voided) or its backfill or another one leaves it out.
    """
    scope = scope_of(organisation_id)
    versions = []
    sequence = on_disk(journal, journal_key(scope, event_id))
    while sequence is not None:
        versions += _amendments(journal, scope, sequence)
        sequence = on_disk(journal, again_key(scope, sequence))
    return versions


def last_version(journal: Journal, organisation_id: str, sequence: int) -> Version:
    """What amendments made of the event that was sent as this record."""
    return _amendments(journal, scope_of(organisation_id), sequence)[-1]


def _amendments(journal: Journal, scope: bytes, sent: int) -> list[Version]:
    versions = []
    sequence: int | None = sent
    while sequence is not None:
        withdrawn_at = on_disk(journal, void_key(scope, sequence))
        amended = None if withdrawn_at is None else on_disk(journal, amend_key(scope, sequence))
        versions.append(Version(sequence, withdrawn_at, sequence == sent, amended is not None))
        sequence = amended
    return versions


def void_key(scope: bytes, sequence: int) -> bytes:
    """Ids hold no control characters, so that no event can have this key."""
    return _key(scope, b"\x01void", _place(sequence))


def amend_key(scope: bytes, sequence: int) -> bytes:
    return _key(scope, b"\x01amend", _place(sequence))


def again_key(scope: bytes, sequence: int) -> bytes:
    return _key(scope, b"\x01again", _place(sequence))


def close_key(scope: bytes, backfill_id: str) -> bytes:
    return _key(scope, b"\x01close", backfill_id.encode())


def revert_key(scope: bytes, backfill_id: str) -> bytes:
    return _key(scope, b"\x01revert", backfill_id.encode())


def on_disk(journal: Journal, key: bytes) -> int | None:
    """The sequence under this key. A record that is not on disk yet does not exist yet."""
    sequence = journal.find(key)
    return None if sequence is None or sequence >= journal.head else sequence


def _key(scope: bytes, kind: bytes, of: bytes) -> bytes:
    return hashlib.blake2b(scope + kind + of, digest_size=16).digest()


def _place(sequence: int) -> bytes:
    return sequence.to_bytes(8, "big")
