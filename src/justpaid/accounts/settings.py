"""What an organisation decides for itself: its face on invoices, payment terms, policies."""

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from justpaid.kernel.errors import FieldError, InvalidRequest

MAX_NET_DAYS: Final = 365
MAX_GRACE_HOURS: Final = 31 * 24
MAX_LOGO_BYTES: Final = 256 << 10
MAX_TEXT: Final = 255
_IMAGES: Final = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
#: Languages that invoices are written in, and how numbers and dates look in them.
Locale = Literal["en", "en-GB", "de", "fr", "es", "it", "nl", "pt", "ja"]

#: How usage that came after its invoice was issued is put right; docs/guides/late-usage.md has the rules.
LateUsagePolicy = Literal["next_invoice", "supplementary_invoice", "credit_note", "none"]

Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


def _logo(uri: str) -> str:
    """A data URI of a PNG or JPEG: pictures that can hold no script and no reference."""
    head, comma, data = uri.partition(",")
    kind = head.removeprefix("data:").removesuffix(";base64")
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not comma or kind not in _IMAGES or not content.startswith(_IMAGES[kind]):
        raise ValueError("must be a data URI of a PNG or JPEG: data:image/png;base64,…")
    if len(content) > MAX_LOGO_BYTES:
        raise ValueError(f"must have at most {MAX_LOGO_BYTES >> 10} KiB")
    return uri


def image_of(uri: str) -> bytes:
    """The picture in a data URI that was checked."""
    return base64.b64decode(uri.partition(",")[2])


class Address(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    line1: Text | None = None
    line2: Text | None = None
    city: Text | None = None
    state: Text | None = None
    postal_code: Text | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None


class TaxId(BaseModel):
    """`type` says what it is, `DE VAT` or `EIN`; printed as it stands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Annotated[str, Field(min_length=1, max_length=40)]
    value: Annotated[str, Field(min_length=1, max_length=60)]


class SellerSettings(BaseModel):
    """Who bills, as invoices show it. `legal_name` stands in place of the organisation's name where it is set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    legal_name: Text | None = None
    address: Address | None = None
    tax_ids: Annotated[tuple[TaxId, ...], Field(max_length=10)] = ()
    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    logo: Annotated[str, AfterValidator(_logo)] | None = None
    locale: Locale = "en"


class InvoiceSettings(BaseModel):
    """`net_days`: from issue to due. `number_prefix` goes before the number, `INV-000001`, and ends in no digit;
    `credit_note_prefix` the same for credit notes.

    `zero_amount_policy`: whether an invoice without any amount is issued. `grace_hours`: how long the automatic run
    leaves a draft open for late events; None means as long as the installation does (JUSTPAID_BILLING_GRACE_S).
    `late_usage_policy`: how usage that comes after that is put right. `consolidate_invoices`: whether what falls due
    for a customer at the same instant in the same currency shares an invoice; a customer's own setting comes first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    net_days: Annotated[int, Field(ge=0, le=MAX_NET_DAYS)] = 30
    number_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9/_.-]{0,15}[A-Za-z/_.-]$")] = "INV-"
    credit_note_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9/_.-]{0,15}[A-Za-z/_.-]$")] = "CN-"
    zero_amount_policy: Literal["issue", "skip"] = "issue"
    grace_hours: Annotated[int, Field(ge=0, le=MAX_GRACE_HOURS)] | None = None
    late_usage_policy: LateUsagePolicy = "next_invoice"
    consolidate_invoices: bool = False


class PortalSettings(BaseModel):
    """How the customer portal looks. Colours are `#rrggbb`; the logo is the seller's. `hidden_meters`, by their keys,
    are not shown there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    accent_colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None
    background_colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None
    support_email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    hidden_meters: Annotated[tuple[Text, ...], Field(max_length=100)] = ()


class OrganisationSettings(BaseModel):
    """Every field has a default, so that what an older release stored can be read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seller: SellerSettings = SellerSettings()
    invoice: InvoiceSettings = InvoiceSettings()
    portal: PortalSettings = PortalSettings()


def settings_of(stored: dict[str, Any]) -> OrganisationSettings:
    """From the JSON of `Organisation.settings`."""
    return OrganisationSettings.model_validate(stored)


def changed_settings(stored: dict[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON to store: what is sent replaces what was there, field by field; null takes a default back.

    Raises: InvalidRequest, with every wrong field (`settings.invoice.net_days`).
    """
    merged = {**stored, **{group: _merged(stored.get(group), fields) for group, fields in patch.items()}}
    try:
        checked = OrganisationSettings.model_validate(merged)
    except ValidationError as invalid:
        errors = [
            FieldError(".".join(map(str, ("settings", *error["loc"]))), error["msg"].removeprefix("Value error, "))
            for error in invalid.errors(include_url=False, include_input=False)
        ]
        raise InvalidRequest("; ".join(f"{e.field}: {e.message}" for e in errors), errors=errors) from None
    return checked.model_dump(mode="json", exclude_defaults=True)


def _merged(before: object, fields: object) -> object:
    if fields is None:
        return {}
    if not isinstance(fields, Mapping) or not isinstance(before, Mapping | None):
        return fields
    after = {**(before or {}), **fields}
    return {name: value for name, value in after.items() if value is not None}
