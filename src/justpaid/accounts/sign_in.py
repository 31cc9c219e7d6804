"""Who a person is: by e-mail address and password, and setting that password."""

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.accounts import passwords
from justpaid.accounts.attempts import count_attempt, forgive_attempt
from justpaid.accounts.email import normalised_email
from justpaid.accounts.people_tables import User
from justpaid.accounts.sessions import Client, end_sessions
from justpaid.kernel.errors import InvalidRequest, Unauthenticated
from justpaid.platform.database import Database


class WrongPassword(Unauthenticated):
    code: ClassVar[str] = "wrong_credentials"
    title: ClassVar[str] = "E-mail address or password is wrong"

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong. Check both, or ask for a one-time link.")


def check_password(database: Database, email: str, password: str, client: Client, now: datetime) -> str:
    """The id of the user with this address and password. An unknown address is answered alike, and as slowly.

    Raises: WrongPassword; TooManyAttempts, before the password is looked at; InvalidRequest for what is no address.
    """
    email = normalised_email(email)
    count_attempt(database, email, client.address, now)
    with database.system() as session:
        row = session.execute(sa.select(User.id, User.password_hash).where(User.email == email)).one_or_none()
    user_id, password_hash = row if row else ("", None)
    if not passwords.matches(password_hash, password) or password_hash is None:
        raise WrongPassword
    forgive_attempt(database, email, client.address)
    if passwords.is_outdated(password_hash):
        anew = sa.update(User).where(User.id == user_id, User.password_hash == password_hash)
        with database.system() as session:
            session.execute(anew, {"password_hash": passwords.rehashed(password)})
    return str(user_id)


def check_current_password(
    database: Database, user_id: str, password: str | None, client: Client, now: datetime
) -> None:
    """Whoever found an open browser must not be able to take the account over.

    A user that came by a link has no password yet, and none to give.  Raises: InvalidRequest; TooManyAttempts.
    """
    with database.system() as session:
        user = find_user(session, user_id)
    if user.password_hash is None:
        return
    try:
        check_password(database, user.email, password or "", client, now)
    except WrongPassword:
        raise InvalidRequest.of("current_password", "is not the password of this user") from None


def set_password(session: Session, user_id: str, password: str, now: datetime, keep_session: str) -> None:
    """Every other session ends: whoever knew the old password is out.  Raises: InvalidRequest."""
    user = find_user(session, user_id)
    user.password_hash = passwords.hashed(password, user.email, "new_password")
    session.flush()
    end_sessions(session, user_id, now, but=keep_session)


def find_user(session: Session, user_id: str) -> User:
    return session.get_one(User, user_id)
