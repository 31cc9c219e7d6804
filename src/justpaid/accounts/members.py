"""The members of an organisation: invited, joined, given another role, removed.

An organisation always has an owner, and only owners make, change or remove owners.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from justpaid.accounts.email import normalised_email
from justpaid.accounts.people_tables import Member
from justpaid.accounts.recent import forget_member
from justpaid.accounts.roles import Role
from justpaid.accounts.tokens import new_token, token_digest
from justpaid.kernel.errors import Conflict, Forbidden, InvalidRequest, NotFound
from justpaid.kernel.ids import new_id
from justpaid.platform.finding import newest_first

INVITATION_LIFE: Final = timedelta(days=7)
MAX_NAME: Final = 200


class OwnersOnly(Forbidden):
    code: ClassVar[str] = "forbidden_by_role"
    title: ClassVar[str] = "Your role does not allow this"

    def __init__(self) -> None:
        super().__init__("Only an owner makes, changes or removes an owner.")


@dataclass(frozen=True, slots=True)
class Invitation:
    """`token` exists nowhere else."""

    member: Member
    token: str


def invite_member(
    session: Session, organisation_id: str, email: str, name: str, role: Role, *, by: Role, now: datetime
) -> Invitation:
    """Invite somebody, or invite them anew: then the link before opens nothing.

    Raises: InvalidRequest; Conflict for who is a member already; OwnersOnly.
    """
    email, name = normalised_email(email), valid_name(name)
    _check_owners(by, role)
    member = session.scalar(sa.select(Member).where(Member.email == email).with_for_update())
    if member is None:
        member = Member(id=new_id("mem"), organisation_id=organisation_id, email=email)
        session.add(member)
    elif member.user_id is not None:
        raise Conflict(f"{email} is a member already. Change the role instead: PATCH /v1/members/{member.id}.")
    else:
        _check_owners(by, member.role)
    token = new_token()
    member.name, member.role = name, role
    member.invitation_digest, member.invitation_expires_at = token_digest(token), now + INVITATION_LIFE
    session.flush()
    return Invitation(member, token)


def list_members(session: Session, *, limit: int, before_id: str | None = None) -> Sequence[Member]:
    """Newest first, invited ones too."""
    return newest_first(session, sa.select(Member), Member.id, limit, before_id)


def change_role(session: Session, member_id: str, role: Role, *, by: Role) -> Member:
    """Raises: NotFound; OwnersOnly; Conflict for the last owner."""
    member = _find(session, member_id)
    _check_owners(by, member.role, role)
    if role != "owner":
        _spare_last_owner(session, member)
    member.role = role
    session.flush()
    _forget(session, member.id)
    return member


def remove_member(session: Session, member_id: str, *, by: Role) -> None:
    """Take a member out, or an invitation back.  Raises: NotFound; OwnersOnly; Conflict for the last owner."""
    member = _find(session, member_id)
    _check_owners(by, member.role)
    _spare_last_owner(session, member)
    session.delete(member)
    session.flush()
    _forget(session, member.id)


def valid_name(name: str, field: str = "name") -> str:
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise InvalidRequest.of(field, f"must have 1 to {MAX_NAME} printable characters")
    return name


def _find(session: Session, member_id: str) -> Member:
    # Owners first, so that two of them who leave at once wait for each other, in one order.
    owners = sa.select(Member).where(Member.role == "owner").order_by(Member.id).with_for_update()
    session.scalars(owners).all()
    member = session.get(Member, member_id, with_for_update=True)
    if member is None:
        raise NotFound.of("member", member_id)
    return member


def _check_owners(by: Role, *roles: Role) -> None:
    if by != "owner" and "owner" in roles:
        raise OwnersOnly


def _spare_last_owner(session: Session, member: Member) -> None:
    if member.role != "owner" or member.user_id is None:
        return
    joined = Member.user_id.is_not(None)
    others = sa.select(sa.func.count()).where(Member.role == "owner", joined, Member.id != member.id)
    if session.scalar(others) == 0:
        raise Conflict("This is the last owner. Make another member an owner first.")


def _forget(session: Session, member_id: str) -> None:
    event.listen(session, "after_commit", lambda _session: forget_member(member_id), once=True)
