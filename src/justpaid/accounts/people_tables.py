"""Users, the organisations that they are members of, and how they prove who they are.

A user belongs to no organisation, so all but `members` are seen by system transactions alone; a request of an
organisation can't read a password's hash, whatever is wrong in it.
"""

from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from justpaid.accounts.roles import ROLES, Role
from justpaid.platform.database import InstallationRecord, TenantRecord

Purpose = Literal["sign_in", "set_up"]


class User(InstallationRecord):
    """A person. `email` is normalised; `password_hash` is argon2id's, None until a password is set."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class Member(TenantRecord):
    """A person in an organisation: invited first (`user_id` is None, an invitation is open), then joined.

    `email` and `name` are those of the invitation, and stay readable by the organisation.
    """

    __tablename__ = "members"
    __table_args__ = (
        sa.UniqueConstraint("organisation_id", "email"),
        sa.UniqueConstraint("organisation_id", "user_id"),
        sa.CheckConstraint(f"role IN ({', '.join(repr(role) for role in ROLES)})", name="role"),
        sa.CheckConstraint("(user_id IS NULL) = (joined_at IS NULL)", name="joined_as_a_user"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    email: Mapped[str]
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(sa.Text)
    invitation_digest: Mapped[str | None] = mapped_column(unique=True)
    invitation_expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    joined_at: Mapped[datetime | None]


class UserSession(InstallationRecord):
    """A browser that is signed in. `digest` is the SHA-256 of its token, in hex; `organisation_id` the one in use."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[str] = mapped_column(sa.ForeignKey("users.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(sa.ForeignKey("organisations.id"))
    address: Mapped[str]
    user_agent: Mapped[str]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]


class OneTimeLink(InstallationRecord):
    """What signs its user in once, or allows the first set-up; kept by the SHA-256 of its token, in hex."""

    __tablename__ = "one_time_links"
    __table_args__ = (sa.CheckConstraint("purpose IN ('sign_in', 'set_up')", name="purpose"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[Purpose] = mapped_column(sa.Text)
    digest: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[str | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    organisation_id: Mapped[str | None] = mapped_column(sa.ForeignKey("organisations.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class SignInAttempts(InstallationRecord):
    """How often a sign-in was tried since `since`, by subject: the digest of an e-mail address, of a network address,
    and of both. None of them is readable here."""

    __tablename__ = "sign_in_attempts"

    subject: Mapped[str] = mapped_column(primary_key=True)
    attempts: Mapped[int]
    since: Mapped[datetime] = mapped_column(index=True)
