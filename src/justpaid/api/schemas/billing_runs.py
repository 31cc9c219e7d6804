"""Billing runs on the wire."""

from typing import Literal

from pydantic import Field

from justpaid.api.values import Input, Instant, Output
from justpaid.invoicing import BillingRun


class BillingRunIn(Input):
    as_of: Instant | None = Field(
        default=None,
        description="Bill what has ended by then. Defaults to now; later in test mode only.",
    )
    finalize: bool = Field(default=True, strict=True, description="Number and issue the invoices, not only draft them.")


class BillingRunOut(Output):
    """`running` for ever is a run that was cut off: repeat it, what it made counts."""

    id: str
    status: Literal["running", "completed"]
    as_of: Instant
    finalize: bool
    invoices_created: int
    invoices_finalized: int
    created_at: Instant
    finished_at: Instant | None

    @classmethod
    def of(cls, run: BillingRun) -> "BillingRunOut":
        return cls.model_validate({name: getattr(run, name) for name in cls.model_fields})
