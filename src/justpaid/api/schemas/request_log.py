"""The request log on the wire."""

from pydantic import Field

from justpaid.api.tables import RequestLogEntry
from justpaid.api.values import Instant, Output


class LoggedRequestOut(Output):
    id: str
    at: Instant
    method: str
    path: str = Field(description="The route's template, such as `/v1/customers/{customer}`.")
    status: int
    error_code: str | None = Field(description="`code` of the problem that was answered.")
    duration_ms: int = Field(description="Of several, their mean.")
    count: int = Field(description="1, or how many alike there were in this minute.")
    key: str | None = Field(description="The API key's start and end.", examples=["sk_test_…abcd"])
    member: str | None = Field(description="The e-mail address of the member whose session it was.")
    actor_id: str = Field(description="`key_…` or `mem_…`.")
    request_id: str | None = Field(description="As the answer had it in X-Request-Id; null for several.")

    @classmethod
    def of(cls, entry: RequestLogEntry) -> "LoggedRequestOut":
        is_member = entry.actor_type == "member"
        return cls(
            id=entry.id,
            at=entry.at,
            method=entry.method,
            path=entry.path,
            status=entry.status,
            error_code=entry.error_code,
            duration_ms=entry.duration_ms,
            count=entry.count,
            key=None if is_member else entry.actor_name,
            member=entry.actor_name if is_member else None,
            actor_id=entry.actor_id,
            request_id=None if entry.path == "/v1/events" and entry.method == "POST" else entry.id,
        )
