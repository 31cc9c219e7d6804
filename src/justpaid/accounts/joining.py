"""Coming in: the first owner, users that the command line makes, and those who follow an invitation."""

from datetime import datetime
from typing import ClassVar, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.accounts import passwords
from justpaid.accounts.email import normalised_email
from justpaid.accounts.links import SET_UP_LIFE, LinkUsedUp, issue_link, use_link
from justpaid.accounts.members import valid_name
from justpaid.accounts.organisations import create_organisation, update_organisation
from justpaid.accounts.people_tables import Member, OneTimeLink, User
from justpaid.accounts.roles import Role
from justpaid.accounts.tables import Organisation
from justpaid.accounts.tokens import token_digest
from justpaid.kernel.errors import Conflict, Forbidden, Unauthenticated
from justpaid.kernel.ids import new_id

#: So that of two first owners only one is.
_LOCK: Final = 7_461_202_613


class SetUpAlready(Conflict):
    code: ClassVar[str] = "set_up_already"
    title: ClassVar[str] = "This installation is set up already"


class SetUpCodeNeeded(Forbidden):
    code: ClassVar[str] = "setup_code_needed"
    title: ClassVar[str] = "The set-up code is missing or wrong"


class SignInFirst(Unauthenticated):
    code: ClassVar[str] = "sign_in_first"
    title: ClassVar[str] = "This invitation is for a user that exists"


def needs_set_up(session: Session) -> bool:
    """Whether there is no user at all. Needs a system session."""
    return session.scalar(sa.select(User.id).limit(1)) is None


def issue_set_up_code(session: Session, now: datetime) -> str | None:
    """A code that allows the set-up from elsewhere than this machine; None where it is done. The one before ends."""
    if not needs_set_up(session):
        return None
    session.execute(sa.delete(OneTimeLink).where(OneTimeLink.purpose == "set_up"))
    return issue_link(session, "set_up", now, now + SET_UP_LIFE)


def set_up(
    session: Session,
    *,
    name: str,
    email: str,
    password: str,
    organisation_name: str | None,
    code: str | None,
    is_local: bool,
    now: datetime,
) -> User:
    """Make the first user, the owner of the organisations that a bootstrap key made, else of new ones.

    `is_local`: the request comes from this machine, so that no code is needed.
    Raises: SetUpAlready; SetUpCodeNeeded; InvalidRequest.
    """
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    if not needs_set_up(session):
        raise SetUpAlready("There is a user already. Sign in, or ask an owner to invite you.")
    if not is_local:
        _use_code(session, code, now)
    user = create_user(session, email, name, password)
    for organisation in _first_pair(session, organisation_name):
        join(session, organisation.id, user, "owner", now)
    return user


def create_user(session: Session, email: str, name: str, password: str | None = None) -> User:
    """Raises: InvalidRequest; Conflict."""
    email, name = normalised_email(email), valid_name(name)
    if session.scalar(sa.select(User.id).where(User.email == email)) is not None:
        raise Conflict(f"There is a user {email} already.")
    password_hash = passwords.hashed(password, email) if password is not None else None
    user = User(id=new_id("usr"), email=email, name=name, password_hash=password_hash)
    session.add(user)
    session.flush()
    return user


def join(session: Session, organisation_id: str, user: User, role: Role, now: datetime) -> Member:
    """Make the user a member, in the place of an open invitation if there is one; who is one keeps their role."""
    of_user = (Member.organisation_id == organisation_id, Member.email == user.email)
    member = session.scalar(sa.select(Member).where(*of_user).with_for_update())
    if member is None:
        member = Member(id=new_id("mem"), organisation_id=organisation_id, email=user.email, name=user.name, role=role)
        session.add(member)
    if member.user_id is None:
        member.user_id, member.joined_at = user.id, now
        member.invitation_digest = member.invitation_expires_at = None
    session.flush()
    return member


def join_pair(session: Session, organisation_id: str, user: User, role: Role, now: datetime) -> list[Member]:
    """Make the user a member of the organisation and of its twin in the other mode. Needs a system session."""
    pair_id = sa.select(Organisation.pair_id).where(Organisation.id == organisation_id).scalar_subquery()
    twins = session.scalars(sa.select(Organisation.id).where(Organisation.pair_id == pair_id)).all()
    return [join(session, twin, user, role, now) for twin in twins]


def find_or_create_user(session: Session, email: str, name: str) -> User:
    """The user with this address, made without a password if there is none.  Raises: InvalidRequest."""
    user = session.scalar(sa.select(User).where(User.email == normalised_email(email)))
    return user if user is not None else create_user(session, email, name)


def accept_invitation(session: Session, token: str, now: datetime, signed_in_user: str | None) -> Member:
    """Join by an invitation's token. Who has no user yet gets one, without a password.

    The link reaches its inviter first, so it signs in nobody who exists: that person has to be signed in already.
    Raises: LinkUsedUp; SignInFirst.
    """
    open_ = (Member.invitation_digest == token_digest(token), Member.invitation_expires_at > now)
    member = session.scalar(sa.select(Member).where(*open_, Member.user_id.is_(None)).with_for_update())
    if member is None:
        raise LinkUsedUp
    user = session.scalar(sa.select(User).where(User.email == member.email))
    if user is None:
        user = create_user(session, member.email, member.name)
    elif user.id != signed_in_user:
        raise SignInFirst(f"Sign in as {user.email}, and then open this link again.")
    return join(session, member.organisation_id, user, member.role, now)


def found_organisations(session: Session, user: User, name: str, now: datetime) -> tuple[Organisation, Organisation]:
    """A further pair of organisations, in test and in live mode, owned by the user.  Raises: InvalidRequest."""
    pair = create_organisation(session, name)
    for organisation in (pair.test, pair.live):
        join(session, organisation.id, user, "owner", now)
    return pair.test, pair.live


def _use_code(session: Session, code: str | None, now: datetime) -> None:
    try:
        use_link(session, "set_up", code or "", now)
    except LinkUsedUp:
        raise SetUpCodeNeeded(
            "From another machine the set-up needs the code that the server printed when it started: look in its log, "
            "or open this page on the server itself."
        ) from None


def _first_pair(session: Session, name: str | None) -> list[Organisation]:
    oldest = sa.select(Organisation.pair_id).order_by(Organisation.id).limit(1)
    pair = session.scalars(sa.select(Organisation).where(Organisation.pair_id == oldest.scalar_subquery())).all()
    if not pair:
        made = create_organisation(session, name if name is not None else "My company")
        return [made.test, made.live]
    if name is not None:
        for organisation in pair:
            update_organisation(session, organisation, {"name": name})
    return list(pair)
