"""The worked examples of docs/guides/portal.md are true."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from justpaid.portal import spikes

GUIDE: Final = (Path(__file__).parents[3] / "docs" / "guides" / "portal.md").read_text()
ROWS: Final = re.findall(
    r"^\| (\d+) and (\d+) in turn \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (yes|no) \|$", GUIDE, re.MULTILINE
)


def test_there_are_examples() -> None:
    assert len(ROWS) == 3


@pytest.mark.parametrize("row", ROWS)
def test_a_day_is_a_spike_as_the_table_says(row: tuple[str, ...]) -> None:
    one, other, mean, deviation, bound, day = map(Decimal, row[:6])
    assert (one + other) / 2 == mean
    assert abs(one - other) / 2 == deviation
    assert mean + 3 * deviation == bound
    assert spikes([*[one, other] * 14, day])[-1] is (row[6] == "yes")
