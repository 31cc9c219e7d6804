"""The versions of an event, chained through the journal's permanent keys.

The key of the event's id leads to its first record. A record's void key leads to the record that withdrew it, its amend
key to the record that took its place. So the journal itself, at once and for ever, says which version counts, and lets
only one of two corrections of the same version win.
"""

import hashlib
from dataclasses import dataclass

from justpaid.ingest.event import journal_key, scope_of
from justpaid.platform.journal import Journal


@dataclass(frozen=True, slots=True)
class Version:
    """`sequence` is where its content is; `withdrawn_at` the sequence of the void that ended it, if one did."""

    sequence: int
    withdrawn_at: int | None


def versions_of(journal: Journal, organisation_id: str, event_id: str) -> list[Version]:
    """All versions of an event, the first one first; none if its id is unknown.

    The last one counts, unless it was withdrawn: then the event is voided.
    """
    scope = scope_of(organisation_id)
    versions = []
    sequence = _found(journal, journal_key(scope, event_id))
    while sequence is not None:
        withdrawn_at = _found(journal, void_key(scope, sequence))
        versions.append(Version(sequence, withdrawn_at))
        sequence = None if withdrawn_at is None else _found(journal, amend_key(scope, sequence))
    return versions


def void_key(scope: bytes, sequence: int) -> bytes:
    """Ids hold no control characters, so that no event can have this key."""
    return _key(scope, b"\x01void", sequence)


def amend_key(scope: bytes, sequence: int) -> bytes:
    return _key(scope, b"\x01amend", sequence)


def _key(scope: bytes, kind: bytes, sequence: int) -> bytes:
    return hashlib.blake2b(scope + kind + sequence.to_bytes(8, "big"), digest_size=16).digest()


def _found(journal: Journal, key: bytes) -> int | None:
    """A record that is not on disk yet does not exist yet."""
    sequence = journal.find(key)
    return None if sequence is None or sequence >= journal.head else sequence
