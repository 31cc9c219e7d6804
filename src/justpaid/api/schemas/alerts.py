"""Alerts on the wire."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, PlainValidator, WithJsonSchema

from justpaid.api.values import ExactDecimal, Input, Instant, Output, PlainDecimal
from justpaid.delivery import Mail, Status, status_of
from justpaid.kernel.decimals import NotExact, parse_decimal, plain
from justpaid.limits import MAX_RECIPIENTS, Base, Firing, Maker, Measure, NewAlert, Standing


def _read_of(value: object) -> Base | Decimal | None:
    if value is None or value in get_args(Base):
        return value  # type: ignore[return-value]
    try:
        return parse_decimal(value)
    except NotExact as error:
        raise ValueError(f"must be a number, or one of {', '.join(get_args(Base))}") from error


_OF: dict[str, Any] = {
    "anyOf": [
        {"enum": list(get_args(Base)), "type": "string"},
        {"type": "string"},
        {"type": "number"},
        {"type": "null"},
    ]
}


class PortalAlertIn(Input):
    """Once in each period, when the usage of one meter, or the cost so far, reaches a threshold. One of `quantity` (of
    usage), `amount` (of cost) and `percent`."""

    name: str = Field(description="As the e-mail calls it.", examples=["80 % of our budget"])
    measure: Measure
    meter: str | None = Field(default=None, description="Key or id; for usage.", examples=["calls"])
    subscription_id: str | None = Field(default=None, description="Of this one only; else of the customer as a whole.")
    currency: str | None = Field(default=None, description="For cost; else the subscription's, or the customer's.")
    quantity: ExactDecimal | None = None
    amount: ExactDecimal | None = Field(default=None, examples=["80"])
    percent: ExactDecimal | None = Field(default=None, description="80 for 80 %.")
    of: Annotated[Base | Decimal | None, PlainValidator(_read_of), WithJsonSchema(_OF)] = Field(
        default=None,
        description="What percent are of: a number; the quantity that the plan includes; the period before.",
    )
    recipients: list[str] = Field(
        default_factory=list,
        description=f"E-mail addresses, at most {MAX_RECIPIENTS}.",
        examples=[["ann@acme.example"]],
    )

    def new(self) -> NewAlert:
        return NewAlert(**{name: getattr(self, name) for name in PortalAlertIn.model_fields})


class AlertIn(PortalAlertIn):
    customer_id: str = Field(description="Id, external id or alias of a customer.", examples=["acme"])


class AlertMailOut(Output):
    """`waiting` may be for a server that e-mails can go out by, or for the next attempt after an `error`."""

    recipient: str
    status: Status
    error: str | None = Field(description="Of the last attempt; not shown in the portal.")

    @classmethod
    def of(cls, mail: Mail, *, with_error: bool) -> "AlertMailOut":
        return cls(recipient=mail.recipient, status=status_of(mail), error=mail.error if with_error else None)


class AlertPeriodOut(Output):
    start: Instant = Field(serialization_alias="from")
    end: Instant = Field(serialization_alias="to")


class FiringOut(Output):
    """`value` and `threshold` as they were when it fired."""

    at: Instant
    period: AlertPeriodOut
    value: PlainDecimal
    threshold: PlainDecimal
    emails: list[AlertMailOut]

    @classmethod
    def of(cls, firing: Firing, mails: Sequence[Mail], *, with_error: bool) -> "FiringOut":
        return cls(
            at=firing.fired_at,
            period=AlertPeriodOut(start=firing.period_start, end=firing.period_end),
            value=firing.value,
            threshold=firing.threshold,
            emails=[AlertMailOut.of(mail, with_error=with_error) for mail in mails],
        )


class AlertOut(Output):
    """`value` of the running `period` so far, in units of the meter or of `currency`, and its `share` of the
    `threshold`: 0.8 is 80 %. Null where no period runs, or what percent are of is not there."""

    id: str
    customer_id: str
    name: str
    measure: Measure
    meter: str | None
    subscription_id: str | None
    currency: str | None
    quantity: PlainDecimal | None
    amount: PlainDecimal | None
    percent: PlainDecimal | None
    of: str | None
    recipients: list[str]
    made_by: Maker
    created_at: Instant
    delivery: Literal["email", "in_app_only"] = Field(
        description="in_app_only: there are no recipients, or no server that e-mails can go out by; they wait for one."
    )
    as_of: Instant
    period: AlertPeriodOut | None
    value: PlainDecimal | None
    threshold: PlainDecimal | None
    share: PlainDecimal | None
    has_fired: bool = Field(description="In the running period.")
    last_fired: FiringOut | None

    @classmethod
    def shown(
        cls,
        standing: Standing,
        firing: Firing | None,
        mails: Sequence[Mail],
        *,
        by_email: bool,
        now: datetime,
        errors: bool,
    ) -> "AlertOut":
        alert, period = standing.alert, standing.period
        fixed = alert.limit if alert.percent is None else None
        of = alert.base if alert.base or alert.percent is None else plain(alert.limit or Decimal(0))
        same = (
            "id", "customer_id", "name", "measure", "meter", "subscription_id", "currency", "percent", "recipients",
            "made_by", "created_at",
        )  # fmt: skip
        return cls(
            **{name: getattr(alert, name) for name in same},
            quantity=fixed if alert.measure == "usage" else None,
            amount=fixed if alert.measure == "cost" else None,
            of=of,
            delivery="email" if by_email and alert.recipients else "in_app_only",
            as_of=now,
            period=AlertPeriodOut(start=period.start, end=period.end) if period else None,
            value=standing.value,
            threshold=standing.threshold,
            share=standing.share,
            has_fired=bool(firing and period and firing.period_start == period.start),
            last_fired=FiringOut.of(firing, mails, with_error=errors) if firing else None,
        )
