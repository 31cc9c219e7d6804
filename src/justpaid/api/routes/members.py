"""The people of the organisation."""

from fastapi import Response

from justpaid.accounts import Role, change_role, invite_member, list_members, remove_member
from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.people import InvitedMemberOut, MemberIn, MemberOut, MemberPatch
from justpaid.api.unit_of_work import Unit, UnitOfWork

router = new_router("people", "/v1/members")


@router.get("")
def list_all_members(unit: Unit, paging: Paging) -> Page[MemberOut]:
    """Everybody who is in or invited, newest first."""
    members = list_members(unit.session, limit=paging.fetch, before_id=paging.before_id("mem"))
    return paging.page(members, MemberOut.of)


@router.post("", status_code=201)
def create_member(body: MemberIn, unit: Unit) -> InvitedMemberOut:
    """Invite somebody to this organisation, or invite them anew. The link is in this answer and nowhere else."""
    now = unit.installation.clock.now()
    invitation = invite_member(
        unit.session, unit.organisation_id, body.email, body.name, body.role, by=_role(unit), now=now
    )
    invited = InvitedMemberOut.inviting(invitation)
    unit.replay_with = invited.model_copy(update={"link": None})
    return invited


@router.patch("/{member_id}")
def update_member(member_id: str, body: MemberPatch, unit: Unit) -> MemberOut:
    """Give another role. Acts at once on the member's open sessions."""
    return MemberOut.of(change_role(unit.session, member_id, body.role, by=_role(unit)))


@router.delete("/{member_id}", status_code=204, response_class=Response)
def delete_member(member_id: str, unit: Unit) -> None:
    """Take a member out of this organisation, or an invitation back."""
    remove_member(unit.session, member_id, by=_role(unit))


def _role(unit: UnitOfWork) -> Role:
    """A key acts as an admin here, so that no key makes an owner of whoever holds it."""
    person = unit.identity.person
    return person.role if person else "admin"
