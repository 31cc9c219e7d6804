"""The rule of spikes, by hand and against the definition with a square root of sixty digits."""

from decimal import Context, Decimal

from hypothesis import given
from hypothesis import strategies as st

from justpaid.portal import spikes


def days(*values: int | str) -> list[Decimal]:
    return [Decimal(value) for value in values]


def test_a_day_above_mean_plus_three_deviations_is_a_spike() -> None:
    """28 days of 8 and 12 in turn: mean 10, deviation 2. 16 is the bound itself, and no spike."""
    before = days(*[8, 12] * 14)
    assert spikes([*before, Decimal(16)])[-1] is False
    assert spikes([*before, Decimal("16.000000000001")])[-1] is True
    assert spikes([*before, Decimal(4)])[-1] is False


def test_without_a_usual_day_nothing_stands_out() -> None:
    assert not any(spikes(days(*[0] * 22, *[1] * 6, 1000)))
    assert spikes(days(*[0] * 21, *[1] * 7, 1000))[-1] is True


def test_constant_usage_makes_any_more_a_spike() -> None:
    assert spikes(days(*[5] * 28, "5.01"))[-1] is True
    assert spikes(days(*[5] * 28, 5, 4))[-2:] == [False, False]


def test_the_first_28_days_have_nothing_to_be_compared_with() -> None:
    assert spikes(days(*[1] * 27, 1000)) == [False] * 28


@given(st.lists(st.decimals(0, 10**9, places=3), min_size=29, max_size=29))
def test_it_is_the_definition(values: list[Decimal]) -> None:
    wide = Context(prec=60)
    *before, last = values
    mean = wide.divide(sum(before, Decimal(0)), Decimal(28))
    variance = wide.divide(sum((wide.power(wide.subtract(v, mean), 2) for v in before), Decimal(0)), Decimal(28))
    bound = wide.add(mean, wide.multiply(Decimal(3), wide.sqrt(variance)))
    if abs(last - bound) > Decimal("1e-20") and sum(1 for v in before if v) >= 7:
        assert spikes(values)[-1] is (last > bound)
