"""The packed recording is the published one, to the token."""

import pytest

from justpaid.demo.trace import Call, load_trace, pack, unpack

CALLS = [
    Call("code", 0, 77_299, 4808, 10),
    Call("code", 1, 77_351, 3180, 8),
    Call("conversation", 0, 0, 374, 44),
    Call("conversation", 1, 4_315, 396, 109),
]


@pytest.mark.parametrize(
    ("service", "calls", "input_tokens", "output_tokens"),
    [("code", 8_819, 18_059_974, 245_896), ("conversation", 19_366, 22_361_870, 4_088_665)],
)
def test_sums_of_the_published_trace(service: str, calls: int, input_tokens: int, output_tokens: int) -> None:
    found = [call for call in load_trace() if call.service == service]
    assert len(found) == calls
    assert sum(call.input_tokens for call in found) == input_tokens
    assert sum(call.output_tokens for call in found) == output_tokens
    assert {call.number for call in found} == set(range(calls))


def test_the_trace_is_in_order_of_time_and_fits_in_an_hour() -> None:
    offsets = [call.offset_ms for call in load_trace()]
    assert offsets == sorted(offsets)
    assert (offsets[0], offsets[-1]) == (0, 3_513_248)


def test_packing_loses_nothing_and_repeats_to_the_byte() -> None:
    assert unpack(pack(CALLS)) == CALLS
    assert pack(CALLS) == pack(unpack(pack(CALLS)))
