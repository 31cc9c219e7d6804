"""One request, one transaction: open it, act, keep the answer under its idempotency key, commit, and only then answer.

All of it happens in one worker thread. Were the steps spread over threads, requests that hold a connection could wait
for a thread while the threads wait for a connection.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from justpaid.accounts import Action, Actor, Identity, audit, note
from justpaid.api import idempotency
from justpaid.api.installation import Installation
from justpaid.kernel.clock import Clock, FixedClock


@dataclass
class UnitOfWork:
    """What a handler works with. `session` is its transaction, bound to the caller's organisation.

    `request` is what was asked, such as `POST /v1/plans`. A handler whose answer must not be kept as it is (it holds a
    secret) sets `replay_with` to what may be.
    """

    installation: Installation
    identity: Identity
    request: str
    claim: idempotency.Claim | None = None
    replay_with: BaseModel | None = None
    _session: Session | None = field(default=None, init=False)

    @property
    def organisation_id(self) -> str:
        return self.identity.organisation_id

    @property
    def clock(self) -> Clock:
        """The organisation's own clock where it has one, else the real one."""
        at = self.identity.clock_at
        return self.installation.clock if at is None else FixedClock(at)

    def now(self) -> datetime:
        return self.clock.now()

    @property
    def session(self) -> Session:
        if self._session is None:
            raise RuntimeError("the session lives only while the handler runs")
        return self._session

    @property
    def actor(self) -> Actor:
        return self.identity.actor(self.request)

    def note(self, action: Action, record: str, record_id: str, changes: Mapping[str, tuple[object, object]]) -> None:
        """In the audit trail, what the session does not see by itself: see `accounts.note`."""
        note(self.session, self.organisation_id, self.actor, action, record, record_id, changes)

    def run(self, handler: Callable[[], object], status: int) -> Response:
        """Answer with `handler`, or with what was answered before; its exceptions undo all that it did."""
        with self.installation.database.begin(self.organisation_id) as session:
            self._session = session
            audit(session, self.organisation_id, self.actor)
            try:
                if self.claim is None:
                    answer = rendered(handler(), status)
                else:
                    answer = self._run_once(session, self.claim, handler, status)
                session.commit()
                return answer
            finally:
                self._session = None

    def _run_once(
        self, session: Session, claim: idempotency.Claim, handler: Callable[[], object], status: int
    ) -> Response:
        before = idempotency.take(session, self.organisation_id, claim)
        if before is not None:
            return before
        answer = rendered(handler(), status)
        kept = rendered(self.replay_with, status) if self.replay_with else answer
        idempotency.remember(session, self.organisation_id, claim, kept)
        return answer


def rendered(result: object, status: int) -> Response:
    """A handler's result as a response: a model as JSON, None as no content, a response as it is."""
    match result:
        case Response():
            return result
        case BaseModel():
            return Response(result.model_dump_json(), status, media_type="application/json")
        case None:
            return Response(status_code=status)
        case _:
            raise TypeError(f"a handler returns a model, a response or None, not {type(result).__name__}")


async def _of_request(request: Request) -> UnitOfWork:
    unit = request.state.unit
    assert isinstance(unit, UnitOfWork)
    return unit


#: The parameter type by which a handler asks for its unit of work.
Unit = Annotated[UnitOfWork, Depends(_of_request)]
