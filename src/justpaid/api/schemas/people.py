"""People on the wire: users, sessions, members."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from justpaid.accounts import (
    PERMISSIONS_OF,
    Invitation,
    Member,
    Membership,
    Mode,
    Permission,
    Profile,
    Role,
    UserSession,
)
from justpaid.api.values import Input, Instant, Output

_EMAIL = Field(max_length=320, examples=["ann@acme.example"])
_PASSWORD = Field(max_length=1024, description="At least 12 characters, and not the e-mail address.")
_TOKEN = Field(max_length=200)


class AuthStateOut(Output):
    setup_needed: bool = Field(description="There is no user yet: the first makes this installation theirs.")
    setup_code_needed: bool = Field(
        description="The set-up is asked for from another machine and needs the code that the server printed."
    )


class SetupIn(Input):
    name: str
    email: str = _EMAIL
    password: str = _PASSWORD
    organisation_name: str | None = Field(
        default=None, description="Also renames the organisation that a bootstrap key has made."
    )
    code: str | None = Field(default=None, max_length=200, description="Needed where `setup_code_needed` says so.")


class SignInIn(Input):
    email: str = _EMAIL
    password: str = Field(max_length=1024)


class LinkIn(Input):
    token: str = _TOKEN


class OrganisationChoiceIn(Input):
    organisation_id: str


class PasswordIn(Input):
    current_password: str | None = Field(
        default=None, max_length=1024, description="Left out by a user who came by a link and has no password yet."
    )
    new_password: str = _PASSWORD


class UserOut(Output):
    id: str
    name: str
    email: str
    has_password: bool = Field(description="False for a user who came by a link and has yet to choose a password.")


class MembershipOut(Output):
    id: str
    name: str
    mode: Mode
    role: Role

    @classmethod
    def of(cls, membership: Membership) -> "MembershipOut":
        return cls(id=membership.organisation_id, name=membership.name, mode=membership.mode, role=membership.role)


class SessionOut(Output):
    """Who is signed in, for which organisation, and what they may do in it."""

    id: str
    user: UserOut
    organisation: MembershipOut = Field(description="The one in use.")
    organisations: list[MembershipOut]
    permissions: list[Permission]
    csrf_token: str = Field(description="Send it as X-CSRF-Token with every request that is not GET.")
    expires_at: Instant

    @classmethod
    def of(
        cls, session_id: str, profile: Profile, organisation_id: str, csrf_token: str, expires_at: datetime
    ) -> "SessionOut":
        organisations = [MembershipOut.of(one) for one in profile.memberships]
        chosen = next(one for one in organisations if one.id == organisation_id)
        user = profile.user
        return cls(
            id=session_id,
            user=UserOut(id=user.id, name=user.name, email=user.email, has_password=user.password_hash is not None),
            organisation=chosen,
            organisations=organisations,
            permissions=sorted(PERMISSIONS_OF[chosen.role]),
            csrf_token=csrf_token,
            expires_at=expires_at,
        )


class OpenSessionOut(Output):
    id: str
    current: bool = Field(description="The one that asks.")
    address: str
    user_agent: str
    created_at: Instant
    last_seen_at: Instant = Field(description="To the minute.")
    expires_at: Instant

    @classmethod
    def of(cls, session: UserSession, current_id: str) -> "OpenSessionOut":
        return cls(
            id=session.id,
            current=session.id == current_id,
            address=session.address,
            user_agent=session.user_agent,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            expires_at=session.expires_at,
        )


class OpenSessions(Output):
    data: list[OpenSessionOut]


class NewOrganisationIn(Input):
    name: str
    mode: Mode = Field(default="test", description="Which of the two that are made the answer shows.")


class MemberIn(Input):
    email: str = _EMAIL
    name: str
    role: Role


class MemberPatch(Input):
    role: Role


class MemberOut(Output):
    id: str
    email: str
    name: str
    role: Role
    status: Literal["invited", "joined"]
    invitation_expires_at: Instant | None
    created_at: Instant
    joined_at: Instant | None

    @classmethod
    def of(cls, member: Member) -> "MemberOut":
        return cls(
            id=member.id,
            email=member.email,
            name=member.name,
            role=member.role,
            status="joined" if member.user_id else "invited",
            invitation_expires_at=member.invitation_expires_at,
            created_at=member.created_at,
            joined_at=member.joined_at,
        )


class InvitedMemberOut(MemberOut):
    """A member who is invited. Nothing is sent by e-mail: pass the link on."""

    link: str | None = Field(
        description="The path and token to open on this server, once; null where the request is answered again.",
        examples=["/sign-in#token=…"],
    )

    @classmethod
    def inviting(cls, invitation: Invitation) -> "InvitedMemberOut":
        shown = MemberOut.of(invitation.member).model_dump()
        return cls(**shown, link=f"/sign-in#token={invitation.token}")
