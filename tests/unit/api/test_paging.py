from dataclasses import dataclass

import pytest

from justpaid.api.paging import PageRequest
from justpaid.kernel.errors import InvalidRequest


@dataclass(frozen=True)
class Row:
    id: str


ROWS = [Row(f"cus_{n}") for n in "98765"]


def shown(row: Row) -> str:
    return row.id


def test_the_extra_record_is_not_shown_but_makes_a_next_page() -> None:
    page = PageRequest(limit=2).page(ROWS[:3], shown)
    assert page.data == ["cus_9", "cus_8"]
    assert PageRequest(limit=2, cursor=page.next_cursor).before_id("cus") == "cus_8"


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_page_that_is_not_exceeded_is_the_last(count: int) -> None:
    page = PageRequest(limit=2).page(ROWS[:count], shown)
    assert (len(page.data), page.next_cursor) == (count, None)


def test_the_first_page_starts_nowhere() -> None:
    assert PageRequest().before_id("cus") is None


@pytest.mark.parametrize("cursor", ["", "x", "é", "%%%", "cus_9", "a2V5Xzk", "Y3VzXwA"])
def test_a_cursor_of_no_or_another_list_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        PageRequest(cursor=cursor).before_id("cus")
    assert refusal.value.errors[0].field == "cursor"
