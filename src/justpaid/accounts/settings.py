"""What an organisation decides for itself: its face on invoices, payment terms, policies."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_NET_DAYS = 365


class InvoiceSettings(BaseModel):
    """`net_days`: from issue to due. `number_prefix` goes before the number, `INV-000001`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    net_days: Annotated[int, Field(ge=0, le=MAX_NET_DAYS)] = 30
    number_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9/_.-]{0,15}$")] = "INV-"
    zero_amount_policy: Literal["issue", "skip"] = "issue"


class OrganisationSettings(BaseModel):
    """Every field has a default, so that what an older release stored can be read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    invoice: InvoiceSettings = InvoiceSettings()


def settings_of(stored: dict[str, Any]) -> OrganisationSettings:
    """From the JSON of `Organisation.settings`."""
    return OrganisationSettings.model_validate(stored)
