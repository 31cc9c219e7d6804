"""Usage questions and their answers on the wire."""

import re
from datetime import datetime
from typing import Annotated, Final

from fastapi import Query
from pydantic import BeforeValidator, Field

from justpaid.api.values import Instant, Output, PlainDecimal, read_instant
from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.period import Period, UnknownTimezone
from justpaid.kernel.period import timezone as zone_of
from justpaid.kernel.schedule import Schedule
from justpaid.metering import Quantity, Window

# Metering's buckets count seconds in 32 bits.
_LAST_YEAR: Final = 2105
_UNESCAPED_PLUS: Final = re.compile(r" (?=\d\d:\d\d$)")


def _in_query(value: object) -> datetime:
    """As `read_instant`; in an address a plus sign that was not escaped arrives as a space."""
    instant = read_instant(_UNESCAPED_PLUS.sub("+", value) if isinstance(value, str) else value)
    if not 1970 <= instant.year <= _LAST_YEAR:
        raise ValueError(f"must be in the years 1970 to {_LAST_YEAR}")
    return instant


QueryInstant = Annotated[Instant, BeforeValidator(_in_query)]


class UsageQuestion:
    """What is asked, of whomever. Without `from` and `to` it is about the current month."""

    def __init__(
        self,
        meter: Annotated[str, Query(description="The meter's key or id.")],
        start: Annotated[
            QueryInstant | None, Query(alias="from", description="Inclusive. Defaults to the current month's start.")
        ] = None,
        end: Annotated[
            QueryInstant | None, Query(alias="to", description="Exclusive. Defaults to the current month's end.")
        ] = None,
        window: Annotated[Window, Query(description="The length of the parts that usage is told in.")] = "none",
        group_by: Annotated[
            list[str] | None, Query(description="Dimensions of the meter, repeated or separated by commas.")
        ] = None,
        timezone: Annotated[
            str | None, Query(description="IANA name. Defaults to the customer's, else to the organisation's.")
        ] = None,
    ) -> None:
        self.meter = meter
        self.window: Window = window
        self.group_by = tuple(name for given in group_by or () for name in given.split(",") if name)
        self.timezone = timezone
        self._start = start
        self._end = end
        if timezone is not None:
            check_timezone(timezone)

    def period(self, now: datetime, zone: str) -> Period:
        """The period asked about; `zone` is where months are reckoned.  Raises: InvalidRequest."""
        return asked_period(self._start, self._end, now, zone)


def asked_period(start: datetime | None, end: datetime | None, now: datetime, zone: str) -> Period:
    """From `start` to `end`, each by default that of the current month in `zone`.  Raises: InvalidRequest."""
    first = now.astimezone(zone_of(zone)).replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    month = Schedule("month", first, zone).period_containing(now)
    start, end = start or month.start, end or month.end
    if end <= start:
        raise InvalidRequest.of("to", "must be after from")
    return Period(start, end)


def check_timezone(name: str) -> None:
    """Raises: InvalidRequest."""
    try:
        zone_of(name)
    except UnknownTimezone as error:
        raise InvalidRequest.of("timezone", str(error)) from None


class UsageRow(Output):
    start: Instant = Field(serialization_alias="from")
    end: Instant = Field(serialization_alias="to")
    value: PlainDecimal
    group: dict[str, str] = Field(description="The dimensions asked for; an event without one has an empty text.")

    @classmethod
    def of(cls, quantity: Quantity) -> "UsageRow":
        return cls(
            start=quantity.window.start,
            end=quantity.window.end,
            value=quantity.value,
            group=dict(quantity.group),
        )


class UsageOut(Output):
    """`data` has the windows and groups with events; undivided usage has always one row, of "0" if there is none."""

    meter: str
    start: Instant = Field(serialization_alias="from")
    end: Instant = Field(serialization_alias="to")
    timezone: str
    data: list[UsageRow]
