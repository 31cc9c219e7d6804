"""The customer portal and its links on the wire."""

from datetime import date, datetime

from pydantic import Field

from justpaid.accounts import Locale, Mode, Organisation, settings_of
from justpaid.api.schemas.credits import BalanceOut, LedgerEntryOut
from justpaid.api.schemas.estimates import EstimateOut
from justpaid.api.schemas.lines import BilledAmount, billed
from justpaid.api.schemas.summaries import CostOut
from justpaid.api.values import Input, Instant, Output, PlainDecimal
from justpaid.customers import Customer
from justpaid.metering import Aggregation, Meter
from justpaid.portal import Day, NewPortalLink, PastPeriod, PortalLink, Theme, Visitor


class PortalLinkIn(Input):
    customer_id: str = Field(description="Id, external id or alias of a customer.", examples=["acme"])
    expires_at: Instant | None = Field(default=None, description="At most 366 days ahead; defaults to a week.")
    expires_in_s: int | None = Field(default=None, ge=1, le=366 * 86_400, description="In place of `expires_at`.")
    theme: Theme = Field(default="auto", description="auto: as the reader's device has it.")


class PortalLinkOut(Output):
    id: str
    customer_id: str
    theme: Theme
    expires_at: Instant
    revoked_at: Instant | None
    created_at: Instant

    @classmethod
    def of(cls, link: PortalLink) -> "PortalLinkOut":
        return cls(**{name: getattr(link, name) for name in PortalLinkOut.model_fields})


class NewPortalLinkOut(PortalLinkOut):
    """The token is shown this once; a repeated request gets null."""

    url: str | None = Field(description="Send it to the customer's people.")
    token: str | None = Field(description="For an embedded portal: pt_….")

    @classmethod
    def made(cls, new: NewPortalLink, base_url: str) -> "NewPortalLinkOut":
        shown = dict(PortalLinkOut.of(new.link))
        return cls(**shown, url=f"{base_url.rstrip('/')}/portal#token={new.token}", token=new.token)


class PortalCustomerOut(Output):
    id: str
    external_id: str | None
    name: str
    email: str | None
    currency: str
    timezone: str


class PortalOrganisationOut(Output):
    name: str
    mode: Mode
    locale: Locale
    logo: str | None = Field(description="A data URI of a PNG or JPEG.")
    accent_colour: str | None = Field(examples=["#2f6fed"])
    background_colour: str | None
    support_email: str | None


class PortalMeOut(Output):
    """Who looks, and at whose page. `now` is the organisation's, whose test clock may stand."""

    customer: PortalCustomerOut
    organisation: PortalOrganisationOut
    theme: Theme
    expires_at: Instant
    now: Instant

    @classmethod
    def of(cls, visitor: Visitor, customer: Customer, organisation: Organisation, now: datetime) -> "PortalMeOut":
        settings = settings_of(organisation.settings)
        return cls(
            customer=PortalCustomerOut(**{name: getattr(customer, name) for name in PortalCustomerOut.model_fields}),
            organisation=PortalOrganisationOut(
                name=settings.seller.legal_name or organisation.name,
                mode=organisation.mode,
                locale=settings.seller.locale,
                logo=settings.seller.logo,
                accent_colour=settings.portal.accent_colour,
                background_colour=settings.portal.background_colour,
                support_email=settings.portal.support_email or settings.seller.email,
            ),
            theme=visitor.theme,
            expires_at=visitor.expires_at,
            now=now,
        )


class PortalMeterOut(Output):
    key: str
    name: str
    aggregation: Aggregation
    dimensions: list[str]

    @classmethod
    def of(cls, meter: Meter) -> "PortalMeterOut":
        return cls(
            key=meter.key,
            name=meter.name,
            aggregation=Aggregation(meter.aggregation),
            dimensions=list(meter.dimensions),
        )


class PortalMetersOut(Output):
    data: list[PortalMeterOut]


class PortalEstimatesOut(Output):
    """One for each running period, and their sums."""

    as_of: Instant
    cost: list[CostOut]
    data: list[EstimateOut]


class PastPeriodOut(Output):
    """`previous_usage` is of the period before or, while this one runs, of as much of it as has elapsed of this one.
    `change`: 0.12 is 12 % more. Null where no meter was asked about, or there was nothing before."""

    start: Instant = Field(serialization_alias="from")
    end: Instant = Field(serialization_alias="to")
    running: bool
    usage: PlainDecimal | None
    previous_usage: PlainDecimal | None
    change: PlainDecimal | None
    currency: str
    cost: BilledAmount = Field(description="What was invoiced for it; while it runs, what it comes to so far.")
    projected: BilledAmount | None = Field(description="At its end, if usage goes on as it did; null once it is over.")

    @classmethod
    def of(cls, past: PastPeriod) -> "PastPeriodOut":
        return cls(
            start=past.period.start,
            end=past.period.end,
            running=past.running,
            usage=past.usage,
            previous_usage=past.previous_usage,
            change=past.change,
            currency=past.currency,
            cost=billed(past.cost, past.currency),
            projected=None if past.projected is None else billed(past.projected, past.currency),
        )


class DayOut(Output):
    date: date
    usage: PlainDecimal
    spike: bool = Field(
        description="More than the mean of the 28 days before plus three standard deviations, where there was usage on "
        "at least seven of them."
    )

    @classmethod
    def of(cls, day: Day) -> "DayOut":
        return cls(date=day.day, usage=day.usage, spike=day.spike)


class PortalPeriodsOut(Output):
    meter: str | None
    timezone: str
    data: list[PastPeriodOut] = Field(description="Newest first.")
    days: list[DayOut] = Field(description="Of the meter asked about; oldest first, today last.")


class PortalCreditsOut(Output):
    """`data` is the history, newest first."""

    as_of: Instant
    balances: list[BalanceOut]
    data: list[LedgerEntryOut]
    next_cursor: str | None
