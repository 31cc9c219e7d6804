"""Organisations and API keys on the wire."""

from typing import Any

from pydantic import Field

from justpaid.accounts import ApiKey, IssuedKey, Mode, Organisation, OrganisationSettings, settings_of
from justpaid.api.values import Input, Instant, Output
from justpaid.kernel.errors import InvalidRequest


class OrganisationOut(Output):
    id: str
    name: str
    mode: Mode
    timezone: str
    currency: str
    settings: OrganisationSettings
    created_at: Instant

    @classmethod
    def of(cls, organisation: Organisation) -> "OrganisationOut":
        return cls(
            id=organisation.id,
            name=organisation.name,
            mode=organisation.mode,
            timezone=organisation.timezone,
            currency=organisation.currency,
            settings=settings_of(organisation.settings),
            created_at=organisation.created_at,
        )


class OrganisationPatch(Input):
    """Only what is sent changes; in `settings` too, field by field: null takes a default back."""

    name: str | None = None
    timezone: str | None = Field(default=None, description="IANA name: what later customers get by default.")
    currency: str | None = Field(default=None, description="ISO 4217: what later customers get by default.")
    settings: dict[str, Any] | None = Field(
        default=None,
        description="`seller`, `invoice` and `portal`, as `GET` shows them.",
        examples=[{"seller": {"legal_name": "Rainbow AI GmbH", "locale": "de"}, "invoice": {"net_days": 14}}],
    )

    def changes(self) -> dict[str, Any]:
        """Raises: InvalidRequest for null where a value is needed."""
        changes = {name: getattr(self, name) for name in self.model_fields_set}
        for name, value in changes.items():
            if value is None:
                raise InvalidRequest.of(name, "must not be null; leave it out to keep it")
        return changes


class ApiKeyIn(Input):
    name: str = Field(description="What it is for, so that you know which one to revoke.", examples=["backend"])


class ApiKeyOut(Output):
    id: str
    name: str
    hint: str = Field(description="The last four characters of the secret.")
    created_at: Instant
    revoked_at: Instant | None

    @classmethod
    def of(cls, key: ApiKey) -> "ApiKeyOut":
        return cls(id=key.id, name=key.name, hint=key.hint, created_at=key.created_at, revoked_at=key.revoked_at)


class IssuedKeyOut(Output):
    id: str
    name: str
    mode: Mode
    created_at: Instant
    secret: str | None = Field(description="Shown this once; null where the request is answered a second time.")

    @classmethod
    def of(cls, key: IssuedKey) -> "IssuedKeyOut":
        return cls(id=key.id, name=key.name, mode=key.mode, created_at=key.created_at, secret=key.secret)
