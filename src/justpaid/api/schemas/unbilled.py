"""The report of unbilled usage on the wire."""

from typing import Annotated, Final, Literal

from pydantic import Field

from justpaid.api.values import Instant, Output
from justpaid.metering import Gap, Group, Reason

ReasonName = Literal[
    "no_customer", "no_meter", "filters_exclude", "no_value", "no_subscription", "no_price", "late"
]  # fmt: skip

_MEANING: Final = {
    Reason.NO_CUSTOMER: "No customer has the key that the events were sent with. "
    "Create the customer, or give it the key as an alias.",
    Reason.NO_METER: "No meter takes events of this name. Make one; it counts past events too.",
    Reason.FILTERED: "Meters take events of this name, but the filters of each exclude these.",
    Reason.NO_VALUE: "The meter takes the events, but its property is missing in them or no number.",
    Reason.NO_SUBSCRIPTION: "The customer has no subscription at the time of the events.",
    Reason.NO_PRICE: "The customer's subscription has no price for any meter that takes the events.",
    Reason.LATE: "The events came, or became the customer's, after the invoice of their period had counted.",
}


class UnbilledGroup(Output):
    """Events that are unbilled for the same cause; what does not belong to that cause is null."""

    customer_key: str | None = Field(description="The key that the events were sent with.")
    event: str | None
    meter: str | None
    invoice_id: str | None
    events: int = Field(ge=1)
    first_at: Instant
    last_at: Instant
    sample: list[str] = Field(description="The ids of the first five.")

    @classmethod
    def of(cls, group: Group) -> "UnbilledGroup":
        return cls(
            customer_key=group.customer_key,
            event=group.event,
            meter=group.meter,
            invoice_id=group.invoice_id,
            events=group.events,
            first_at=group.first_at,
            last_at=group.last_at,
            sample=list(group.sample),
        )


class UnbilledReason(Output):
    reason: ReasonName
    meaning: str = Field(description="What is wrong, and what to do about it.")
    events: Annotated[int, Field(ge=0, description="Each once, though it may be in several groups.")]
    groups: list[UnbilledGroup] = Field(description="The 50 largest.")

    @classmethod
    def of(cls, gap: Gap) -> "UnbilledReason":
        groups = [UnbilledGroup.of(group) for group in gap.groups]
        return cls(reason=gap.reason.value, meaning=_MEANING[gap.reason], events=gap.events, groups=groups)


class UnbilledOut(Output):
    """Every reason, also where no event has it. An event may have several."""

    start: Instant = Field(serialization_alias="from")
    end: Instant = Field(serialization_alias="to")
    timezone: str
    data: list[UnbilledReason]
