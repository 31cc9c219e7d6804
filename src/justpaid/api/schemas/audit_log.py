"""The audit trail on the wire."""

from typing import Any

from pydantic import Field

from justpaid.accounts import AuditEntry
from justpaid.api.values import Instant, Output


class Actor(Output):
    type: str = Field(description="`api_key` or `member`; `system` for what a billing run does by itself.")
    id: str
    name: str | None = Field(description="The key's start and end, or the member's e-mail address, as it was then.")


class AuditEntryOut(Output):
    id: str
    at: Instant
    actor: Actor
    action: str = Field(description="`created`, `updated` or `deleted`.")
    record: str = Field(description="What kind of record, such as `plans`.")
    record_id: str
    changes: dict[str, list[Any]] = Field(description="Field → [before, after].")
    request: str = Field(description="What was asked, such as `POST /v1/plans`.")

    @classmethod
    def of(cls, entry: AuditEntry) -> "AuditEntryOut":
        return cls(
            id=entry.id,
            at=entry.at,
            actor=Actor(type=entry.actor_type, id=entry.actor_id, name=entry.actor_name),
            action=entry.action,
            record=entry.record,
            record_id=entry.record_id,
            changes=entry.changes,
            request=entry.request,
        )
