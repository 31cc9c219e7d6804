"""Worked figures of other systems for proration, periods, changes, credits, commitments, where their file is at hand.

Each is billed through the functions that bill a stored subscription. Figures in cents are billed as dollars.
"""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from justpaid.contracts import Agreed, Charge, Phase, PriceBook, Timeline, edits
from justpaid.credits.burn_down import burn_down, is_usable, rank
from justpaid.credits.tables import CreditKind
from justpaid.invoicing.commitment import true_up
from justpaid.invoicing.compose import Metered, fee_line, metered_line
from justpaid.invoicing.spans import Skeleton, Span
from justpaid.invoicing.totals import Charge as Settled
from justpaid.invoicing.totals import Rate, settle
from justpaid.kernel.decimals import plain
from justpaid.kernel.money import round_to_minor
from justpaid.kernel.period import Period, timezone
from justpaid.kernel.schedule import Interval, Schedule
from justpaid.pricing import Usage, parse_price, rate
from tests.unit.contracts.billing import Life, fee, plan
from tests.unit.pricing import test_vectors as of_prices

REPOSITORY = Path(__file__).parents[3]
VECTORS = Path(os.environ.get("JUSTPAID_VECTORS") or REPOSITORY.parent / "shared" / "vectors" / "pricing_vectors.json")
DIFFERENCES = REPOSITORY / "docs" / "reference" / "differences.md"

Figures = dict[str, Any]
DAY = timedelta(days=1)

_NO_DAYS = "shares of a period are of elapsed time: no days are counted"
_SEVERAL_METERS = "a price bills one meter"
_BY_INSTANT = "a part of a period begins at its instant, not on that instant's day"

#: Where our documented rule gives another figure, or none.
DIFFERENT = {
    "pv-163": _BY_INSTANT,
    "pv-170": _NO_DAYS,
    "pv-172": _NO_DAYS,
    "pv-174": _NO_DAYS,
    "pv-286": _NO_DAYS,
    "pv-288": _NO_DAYS,
    "pv-311": _SEVERAL_METERS,
    "pv-312": _SEVERAL_METERS,
    "pv-321": "a period is from boundary to boundary: 31 January to 28 February has 28 days, not 31",
    "pv-372": "half a cent is rounded up, never cut off",
}
#: Full periods by their days, with the first day of one of them.
FULL: dict[int, tuple[Interval, str]] = {
    7: ("week", "2022-06-20"),
    28: ("month", "2022-02-01"),
    29: ("month", "2024-02-01"),
    30: ("month", "2022-04-01"),
    31: ("month", "2022-03-01"),
    90: ("quarter", "2022-01-01"),
    91: ("quarter", "2022-04-01"),
    92: ("quarter", "2022-07-01"),
    365: ("year", "2022-01-01"),
    366: ("year", "2024-01-01"),
}


def dollars(minor: str | int) -> str:
    return plain(Decimal(minor) / 100)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def full_period(days: int) -> tuple[Interval, Period]:
    interval, first = FULL[days]
    return interval, Period(day(first), day(first) + days * DAY)


def live(fee_amount: str, interval: Interval, anchor: datetime, start: datetime, zone: str = "UTC") -> Life:
    """A subscription to one fee in advance."""
    version = plan("plan", fee(fee_amount, "advance"), interval=interval)
    phase = Phase("first", start, "paid", Agreed("plan", interval, anchor), start)
    return Life(Timeline((phase,), None, zone), PriceBook({"plan": version}))


# Proration


def prorated(params: Figures) -> Figures:
    """The last days of a full period are billed: a subscription began inside it."""
    interval, period = full_period(params["period_days"])
    start = period.end - params["billable_days"] * DAY
    life = live(dollars(params["plan_amount_minor"]), interval, period.start, start)
    life.bill_until(start)
    return {"amount": life.total * 100}


def prorated_from_an_instant(params: Figures) -> Figures:
    start = datetime.fromisoformat(params["start"])
    monday = datetime(2023, 6, 12, tzinfo=timezone(params["timezone"]))
    life = live(dollars(params["plan_amount_minor"]), params["interval"], monday, start, params["timezone"])
    life.bill_until(start)
    return {"amount": life.total * 100}


def cycles(params: Figures) -> Figures:
    start, target, last = day(params["start"]), day(params["target"]), params["bill_cycle_day"]
    # The first month that has such a day and is not after the start, or in a longer period the first such day.
    anchor = start.replace(month=1, day=last) if params["billing_period"] == "month" else start.replace(day=last)
    life = live("1", params["billing_period"], anchor, start)
    if params["end"]:
        life.timeline = edits.ended(life.timeline, day(params["end"]), "prorate")
    life.bill_until(target)
    return {"shares": [line.quantity for line in life.lines]}


def period_ahead(params: Figures) -> Figures:
    on = datetime.fromisoformat(params["billed_on"])
    schedule = Schedule(params["interval"], day("2020-01-01"), "UTC")
    ahead = schedule.period_containing(on)
    behind = schedule.period_containing(ahead.start - DAY)
    life = live(dollars(params["plan_amount_minor"]), params["interval"], ahead.start, ahead.start)
    life.bill_until(on)
    last_second = timedelta(seconds=1)
    return {
        "amount": life.total * 100,
        "from": ahead.start,
        "to": ahead.end - last_second,
        "usage_from": behind.start,
        "usage_to": behind.end - last_second,
    }


def bucketed(params: Figures, events: list[Figures]) -> Figures:
    zone = timezone(params["timezone"])
    schedule = Schedule("month", datetime.fromisoformat(params["start"]).replace(tzinfo=zone), params["timezone"])
    starts = [
        schedule.boundary_at_or_before(datetime.fromisoformat(event["local_time"]).replace(tzinfo=zone)).astimezone(
            zone
        )
        for event in events
    ]
    return {month: Decimal(len(list(some))) for month, some in groupby(start.strftime("%Y-%m") for start in starts)}


# Changes of plan


def changed(old: list[str], new: list[str], period: Period, at: datetime) -> list[Decimal]:
    """The amounts of what a change at `at` bills: of what was paid ahead, and of the new fees."""
    before = plan("old", *[fee(amount, "advance", f"old{n}") for n, amount in enumerate(old)])
    after = plan("new", *[fee(amount, "advance", f"new{n}") for n, amount in enumerate(new)])
    agreed = Agreed("old", "month", period.start)
    life = Life(Timeline((Phase("first", period.start, "paid", agreed, period.start),), None, "UTC"),
                PriceBook({"old": before, "new": after}))  # fmt: skip
    life.bill_until(period.start)
    paid = len(life.lines)
    life.timeline = edits.changed(life.timeline, at, edits.Patch(plan=("new", "month")), "prorate", at)
    life.bill_until(period.end)
    now = [line for line in life.lines[paid:] if line.period.start < period.end]
    return [line.amount for line in now if line.amount]


def change_of_units(params: Figures) -> Figures:
    period = Period(day(params["period_start"]), day(params["period_end_inclusive"]) + DAY)
    old, new = (
        Decimal(params[f"{which}_quantity"]) * Decimal(params[f"{which}_unit_price"]) for which in ("old", "new")
    )
    amounts = changed([plain(old)], [plain(new)], period, day(params["change_date"]))
    credit, charge = (sum([a for a in amounts if (a < 0) is below], Decimal(0)) for below in (True, False))
    return {"amount": credit + charge, "credit": credit, "charge": charge}


def change_of_plan(params: Figures) -> Figures:
    """The peer's period need not be a calendar month: a month of as many days is billed."""
    period = Period(day(params["period_start"]), day(params["period_end_exclusive"]))
    old, new = ([dollars(one) for one in params[f"{which}_amounts_minor"]] for which in ("old", "new"))
    _, like_it = full_period(period.duration // DAY)
    at = like_it.start + (day(params["change_date"]) - period.start)
    amounts = [amount * 100 for amount in changed(old, new, like_it, at)]
    return {
        "amount": sum(amounts, Decimal(0)),
        "credits_minor": [amount for amount in amounts if amount < 0],
        "charges_minor": [amount for amount in amounts if amount > 0],
    }


def change_to_the_second(params: Figures) -> Figures:
    start, end, at = (datetime.fromisoformat(params[name]) for name in ("period_start", "period_end", "change_at"))
    amounts = changed(
        [dollars(params["old_amount_minor"])], [dollars(params["new_amount_minor"])], Period(start, end), at
    )
    return {"amount": sum(amounts, Decimal(0)) * 100}


# Commitments


def topped_up(params: Figures) -> Figures:
    """A minimum and a plan's fee for a part of a period, and usage, which is never prorated."""
    committed = params.get("commitment_minor") or params["minimum_minor"]
    share = Fraction(params["billable_days"], params["period_days"])
    interval, period = full_period(params["period_days"])
    part = Period(period.end - params["billable_days"] * DAY, period.end)
    usage = parse_price({"model": "per_unit", "unit_amount": "0.01"}, in_plan=False)
    used = Decimal(params.get("usage_minor") or params["used_minor"])
    lines = [metered_line(usage, part, Metered(used, parts=(Usage.summed(used),)), "USD")]
    if "plan_amount_minor" in params:
        price = parse_price({"model": "flat", "amount": dollars(params["plan_amount_minor"])}, in_plan=False)
        lines.append(fee_line(Span(Charge("base", price), part, Schedule(interval, period.start, "UTC")), "USD"))
    owed = Skeleton((), (), (), (), (), (), (), committed=((Decimal(dollars(committed)), share),))
    line = true_up(owed, lines, part, "USD")
    return {"amount": line.amount * 100 if line else Decimal(0)}


# Credits


@dataclass(frozen=True)
class Grant:
    id: str
    priority: int
    effective_at: datetime
    expires_at: datetime
    voided_at: datetime | None
    kind: CreditKind = "prepaid"


def used_up(params: Figures, events: list[Figures]) -> Figures:
    """Each event is charged as it comes; a void takes what is left."""
    left = {grant["id"]: Decimal(grant["amount"]) for grant in params["grants"]}
    grants = [
        Grant(
            grant["id"],
            grant["priority"],
            (effective := datetime.fromisoformat(grant["effective_at"])),
            effective + grant["expires_after_days"] * DAY,
            datetime.fromisoformat(grant["voided_at"]) if "voided_at" in grant else None,
        )
        for grant in params["grants"]
    ]
    overage = Decimal(0)
    for event in events:
        at, charge = datetime.fromisoformat(event["timestamp"]), Decimal(event["value"])
        for grant in grants:
            if grant.voided_at and grant.voided_at <= at:
                left[grant.id] = Decimal(0)
        held = [(grant.id, left[grant.id]) for grant in sorted(grants, key=rank) if is_usable(grant, at)]
        (draws,) = burn_down([charge], held)
        for draw in draws:
            left[draw.grant_id] -= draw.amount
            charge -= draw.amount
        overage += charge
    return {"balances": left, "overage": overage}


def paid_by_credits(params: Figures, quantity: str) -> Figures:
    minimum = {"minimum_amount": params["minimum"]} if "minimum" in params else {}
    price = parse_price({"model": "graduated", "tiers": params["tiers"], **minimum}, in_plan=False)
    lines = [step.amount for step in rate(price, Decimal(quantity)).steps if step.amount]
    drawn = burn_down(lines, [(str(n), Decimal(credit)) for n, credit in enumerate(params["credits"])])
    per_line = [sum((draw.amount for draw in draws), Decimal(0)) for draws in drawn]
    return {
        "amount": sum(lines, Decimal(0)) - sum(per_line, Decimal(0)),
        "credit_per_line": [one for one in per_line if one],
    }


def gross(fees: Iterable[Decimal], percent: str, currency: str) -> tuple[Decimal, Decimal, Decimal]:
    """What rounded fees come to, their tax, and both."""
    tax = Rate("tax", "Tax", Decimal(percent), inclusive=False)
    totals = settle([Settled(round_to_minor(fee, currency), (tax,)) for fee in fees], (), currency)
    return totals.subtotal, totals.tax, totals.total


def wallet_pays(params: Figures, steps: list[Figures]) -> Figures:
    wallet = Decimal(params["wallet"])
    found = []
    for step in steps:
        *_, total = gross([Decimal(step["fee"])], params["tax_percent"], "USD")
        used = sum((draw.amount for draw in burn_down([total], [("wallet", wallet)])[0]), Decimal(0))
        wallet -= used
        found.append({"gross": total, "credit_used": used, "due": total - used, "wallet_after": wallet})
    return {"steps": found}


def wallet_pays_small_fees(params: Figures) -> Figures:
    wallet = Decimal(params["wallet_minor"])
    fees, taxes, total = gross(map(Decimal, params["fees_precise_minor"]), params["tax_percent"], "JPY")
    used = sum((draw.amount for draw in burn_down([total], [("wallet", wallet)])[0]), Decimal(0))
    return {
        "amount": total - used,
        "fees_minor": fees,
        "taxes_minor": taxes,
        "gross_minor": total,
        "credit_used_minor": used,
        "wallet_after_minor": wallet - used,
    }


def dearest_of_tiers(params: Figures) -> Figures:
    """What each meter's own volume price comes to; the dearest of them is the peer's figure, but we would bill each."""
    amounts = []
    for unit, peak in params["peaks"].items():
        tiers = [{"up_to": tier["max"].get(unit), "flat_amount": tier["price"]} for tier in params["tiers"]]
        amounts.append(
            rate(parse_price({"model": "volume", "tiers": tiers}, in_plan=False), Decimal(peak)).amount_exact
        )
    return {"amount": sum(amounts, Decimal(0))}


def days_between(params: Figures) -> Figures:
    """What we count with is elapsed time."""
    elapsed = datetime.fromisoformat(params["to"]) - datetime.fromisoformat(params["from"])
    return {"amount": Decimal(elapsed // timedelta.resolution) / Decimal(DAY // timedelta.resolution)}


ANSWERS: dict[str, Callable[[Figures], Figures]] = {
    "recurring_proration": lambda vector: prorated(vector["params"]),
    "recurring_proration_timezone": lambda vector: prorated_from_an_instant(vector["params"]),
    "billing_cycles_in_advance": lambda vector: cycles(vector["params"]),
    "billing_period": lambda vector: period_ahead(vector["params"]),
    "usage_bucketing_timezone": lambda vector: bucketed(vector["params"], vector["events"]),
    "plan_change_proration": lambda vector: change_of_units(vector["params"]),
    "plan_change_proration_minor": lambda vector: change_of_plan(vector["params"]),
    "seat_change_proration_seconds": lambda vector: change_to_the_second(vector["params"]),
    "minimum_commitment_true_up": lambda vector: topped_up(vector["params"]),
    "minimum_true_up": lambda vector: topped_up(vector["params"]),
    "grant_burn_down": lambda vector: used_up(vector["params"], vector["events"]),
    "credits_applied": lambda vector: paid_by_credits(vector["params"], vector["quantity"]),
    "prepaid_credits": lambda vector: wallet_pays(vector["params"], vector["expected"]["steps"]),
    "prepaid_credits_rounding": lambda vector: wallet_pays_small_fees(vector["params"]),
    "capacity_tiers": lambda vector: dearest_of_tiers(vector["params"]),
    "days_between_in_timezone": lambda vector: days_between(vector["params"]),
}


def _load() -> list[Figures]:
    vectors = json.loads(VECTORS.read_text())["vectors"] if VECTORS.is_file() else []
    priced = {vector["id"] for vector in of_prices.LOADED}
    return [vector for vector in vectors if vector["model"] in ANSWERS and vector["id"] not in priced]


LOADED = _load()
needs_vectors = pytest.mark.skipif(not LOADED, reason=f"no pricing vectors at {VECTORS}; set JUSTPAID_VECTORS")


def agrees(vector: Figures) -> bool:
    ours = ANSWERS[vector["model"]](vector)
    if "shares" in ours:
        shares = [Fraction(part.strip()) for part in vector["expected_units"].split("+")]
        return [round(one, 12) for one in ours["shares"]] == [
            round(Decimal(share.numerator) / share.denominator, 12) for share in shares
        ]
    figure = vector.get("expected_amount", vector.get("expected_units"))
    if figure is not None and ours["amount"] != Decimal(figure):
        return False
    return all(_same(ours[name], value) for name, value in vector.get("expected", {}).items())


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, dict):
        return all(_same(ours[name], value) for name, value in theirs.items() if name in ours)
    if isinstance(theirs, list):
        return len(ours) == len(theirs) and all(_same(*pair) for pair in zip(ours, theirs, strict=True))
    if isinstance(ours, datetime):
        return ours == datetime.fromisoformat(theirs)
    return bool(ours == Decimal(theirs))


def _cases(*, different: bool) -> list[Any]:
    return [
        pytest.param(vector, id=f"{vector['id']}-{vector['model']}")
        for vector in LOADED
        if (vector["id"] in DIFFERENT) == different
    ]


@needs_vectors
@pytest.mark.parametrize("vector", _cases(different=False))
def test_a_figure_of_another_system_is_ours_too(vector: Figures) -> None:
    assert agrees(vector), (vector, ANSWERS[vector["model"]](vector))


@needs_vectors
@pytest.mark.parametrize("vector", _cases(different=True))
def test_a_deliberate_difference_is_one_still(vector: Figures) -> None:
    """Should this fail, our rule has changed: update DIFFERENT and docs/reference/differences.md."""
    assert not agrees(vector), DIFFERENT[vector["id"]]
