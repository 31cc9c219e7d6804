"""The levers of the fault tests do what they are set to: a lever that does nothing proves nothing."""

import time
from collections.abc import Iterator

import pytest

from justpaid.platform.failpoints import InjectedFailure, arm, failpoint


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm("")


def passages(count: int, name: str = "here") -> str:
    """One letter a passage: x where it failed."""
    told = ""
    for _ in range(count):
        try:
            failpoint(name)
            told += "."
        except InjectedFailure:
            told += "x"
    return told


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("", "....."),
        ("there=error", "....."),
        ("here=error", "x...."),
        ("here=error:3", "..x.."),
        ("here=error*3", "xxx.."),
        ("there=kill,here=error*", "xxxxx"),
    ],
)
def test_which_passages_fail(setting: str, told: str) -> None:
    arm(setting)
    assert passages(5) == told


def test_a_delay_at_every_passage() -> None:
    arm("here=delay:0.02")
    started_at = time.monotonic()
    assert passages(3) == "..."
    assert time.monotonic() - started_at >= 0.06


def test_disarming_and_misspelling() -> None:
    arm("here=error*")
    with pytest.raises(ValueError, match="'eror' is no failpoint action"):
        arm("here=eror")
    assert passages(1) == "x"
    arm("")
    assert passages(1) == "."
