"""Issuing, listing and revoking API keys."""

from justpaid.accounts import find_organisation, issue_key, list_keys, revoke_key
from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.accounts import ApiKeyIn, ApiKeyOut, IssuedKeyOut
from justpaid.api.unit_of_work import Unit
from justpaid.kernel.errors import Conflict

router = new_router("accounts", "/v1/api-keys")


@router.post("", status_code=201)
def create_api_key(body: ApiKeyIn, unit: Unit) -> IssuedKeyOut:
    """Issue a key of this organisation and mode. Its secret is in this answer and nowhere else."""
    organisation = find_organisation(unit.session, unit.organisation_id)
    issued = IssuedKeyOut.of(issue_key(unit.session, organisation, body.name))
    unit.replay_with = issued.model_copy(update={"secret": None})
    return issued


@router.get("")
def list_api_keys(unit: Unit, paging: Paging) -> Page[ApiKeyOut]:
    """All keys, revoked ones too, newest first."""
    keys = list_keys(unit.session, limit=paging.fetch, before_id=paging.before_id("key"))
    return paging.page(keys, ApiKeyOut.of)


@router.delete("/{key_id}")
def revoke_api_key(key_id: str, unit: Unit) -> ApiKeyOut:
    """Stop a key for good. It stays in the list, with the instant of its end."""
    if key_id == unit.identity.key_id:
        raise Conflict("A key can't revoke itself: that could lock you out. Revoke it with another key.")
    return ApiKeyOut.of(revoke_key(unit.session, key_id))
