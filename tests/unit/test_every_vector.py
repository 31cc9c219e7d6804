"""Every worked figure of another system is a test, or a difference that is documented with its rule."""

import json
import re
from pathlib import Path

import pytest

from tests.store import test_aggregation_vectors as aggregated
from tests.unit.invoicing import test_billing_vectors as billed
from tests.unit.invoicing import test_totals_vectors as totalled
from tests.unit.pricing import test_vectors as priced

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "reference" / "differences.md"
#: Tested with the feature itself.
THRESHOLDS = "progressive_billing"
DIFFERENT = {*priced.DIFFERENT, *billed.DIFFERENT, *aggregated.ELSEWHERE}


def test_every_deliberate_difference_is_in_the_docs_and_no_other() -> None:
    assert set(re.findall(r"`(pv-\d+)`", PAGE.read_text())) == DIFFERENT


@pytest.mark.skipif(not priced.VECTORS.is_file(), reason=f"no vectors at {priced.VECTORS}; set JUSTPAID_VECTORS")
def test_no_figure_is_left_out() -> None:
    tested = {
        vector["id"]
        for vectors in (
            priced.LOADED,
            billed.LOADED,
            totalled.load(),
            totalled.load("credit_cap"),
            aggregated.load(),
        )
        for vector in vectors
    }
    every = {vector["id"]: vector["model"] for vector in json.loads(priced.VECTORS.read_text())["vectors"]}
    assert {name: model for name, model in every.items() if name not in tested and model != THRESHOLDS} == {}
