"""Share links of invoices, and what they show, on the wire."""

from pydantic import Field

from justpaid.api.schemas.invoices import InvoiceOut
from justpaid.api.values import Input, Instant, Output
from justpaid.invoicing import NewLink, ShareLink


class ShareLinkIn(Input):
    expires_in_days: int = Field(default=30, description="1 to 365.")


class ShareLinkOut(Output):
    id: str
    invoice_id: str
    expires_at: Instant
    revoked_at: Instant | None
    created_at: Instant

    @classmethod
    def of(cls, link: ShareLink) -> "ShareLinkOut":
        return cls(**{name: getattr(link, name) for name in cls.model_fields})


class NewShareLinkOut(Output):
    id: str
    invoice_id: str
    expires_at: Instant
    token: str | None = Field(description="Shown this once; null where the request is answered a second time.")
    path: str | None = Field(description="Where the invoice is seen, on this server: append /pdf or /csv for a file.")

    @classmethod
    def of(cls, new: NewLink) -> "NewShareLinkOut":
        return cls(
            id=new.link.id,
            invoice_id=new.link.invoice_id,
            expires_at=new.link.expires_at,
            token=new.token,
            path=f"/v1/shared/{new.token}",
        )


class ShareLinks(Output):
    data: list[ShareLinkOut]


class SharedInvoiceOut(Output):
    """What a hosted page of the invoice shows."""

    seller: str
    invoice: InvoiceOut
