"""People for tests: users who are members, and browsers that they are signed in with."""

import itertools
from datetime import UTC, datetime
from typing import Any

from starlette.testclient import TestClient

from justpaid.accounts import Role, create_user, issue_sign_in_link, join
from justpaid.platform.database import Database

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


def new_user(
    database: Database, *memberships: tuple[str, Role], password: str | None = None, email: str | None = None
) -> str:
    """The e-mail address of a new user, who is a member of these organisations."""
    email = email or f"person{next(_numbers)}@acme.example"
    with database.system() as session:
        user = create_user(session, email, "Ann Example", password)
        for organisation_id, role in memberships:
            join(session, organisation_id, user, role, datetime.now(UTC))
    return email


def link_for(database: Database, email: str, organisation_id: str | None = None, at: datetime | None = None) -> str:
    with database.system() as session:
        return issue_sign_in_link(session, email, at or datetime.now(UTC), organisation_id)


def browser(app: Any, address: str = "192.0.2.1") -> TestClient:
    return TestClient(app, client=(address, 50_000))


def signed_in(app: Any, database: Database, email: str, organisation_id: str | None = None) -> TestClient:
    """A browser with a session, which sends its CSRF token as the page does."""
    client = browser(app)
    now = app.state.installation.clock.now()
    answer = client.post("/v1/auth/link", json={"token": link_for(database, email, organisation_id, now)})
    assert answer.status_code == 200, answer.text
    client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return client


def visitor(app: Any, database: Database, organisation_id: str, role: Role) -> TestClient:
    """A new user with this role, signed in."""
    return signed_in(app, database, new_user(database, (organisation_id, role)), organisation_id)
