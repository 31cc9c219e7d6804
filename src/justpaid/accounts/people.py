"""A user with the organisations that they are a member of, as the face of their session shows them."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.accounts.people_tables import Member, User
from justpaid.accounts.roles import Role
from justpaid.accounts.tables import Mode, Organisation


@dataclass(frozen=True, slots=True)
class Membership:
    """An organisation, and the role in it."""

    organisation_id: str
    name: str
    mode: Mode
    role: Role


@dataclass(frozen=True, slots=True)
class Profile:
    user: User
    memberships: tuple[Membership, ...]


def profile_of(session: Session, user_id: str) -> Profile:
    """Organisations by name, the live one of a pair first. Needs a system session."""
    return Profile(session.get_one(User, user_id), _memberships(session, user_id))


def list_users(session: Session) -> Sequence[Profile]:
    """All users of the installation, oldest first. Needs a system session."""
    users = session.scalars(sa.select(User).order_by(User.id)).all()
    return [Profile(user, _memberships(session, user.id)) for user in users]


def _memberships(session: Session, user_id: str) -> tuple[Membership, ...]:
    query = (
        sa.select(Organisation.id, Organisation.name, Organisation.mode, Member.role)
        .join(Member, Member.organisation_id == Organisation.id)
        .where(Member.user_id == user_id)
        .order_by(Organisation.name, Organisation.pair_id, Organisation.mode)
    )
    return tuple(Membership(*row) for row in session.execute(query))
