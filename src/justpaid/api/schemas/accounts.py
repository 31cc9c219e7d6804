"""Organisations and API keys on the wire."""

from pydantic import Field

from justpaid.accounts import ApiKey, IssuedKey, Mode, Organisation
from justpaid.api.values import Input, Instant, Output


class OrganisationOut(Output):
    id: str
    name: str
    mode: Mode
    timezone: str
    currency: str
    created_at: Instant

    @classmethod
    def of(cls, organisation: Organisation) -> "OrganisationOut":
        return cls(
            id=organisation.id,
            name=organisation.name,
            mode=organisation.mode,
            timezone=organisation.timezone,
            currency=organisation.currency,
            created_at=organisation.created_at,
        )


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
