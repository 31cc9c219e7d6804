"""Patience with a server that is busy, restarting or not up yet."""

import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

from justpaid.cli.client import Refused, Unreachable
from justpaid.cli.failures import CommandFailed
from justpaid.cli.output import errors

T = TypeVar("T")

_FIRST_S: Final = 0.25
_LONGEST_S: Final = 10.0


def patiently(ask: Callable[[], T], retries: int, *, sleep: Callable[[float], None] = time.sleep) -> T:
    """What `ask` gives, asked again after a doubling pause (or as long as the server says) up to `retries` times.

    Raises: what `ask` raised last; at once where a repetition can't help.
    """
    for attempt in range(retries + 1):
        try:
            return ask()
        except (Unreachable, Refused) as failure:
            pause_s = _pause_s(failure, attempt)
            if pause_s is None or attempt == retries:
                raise
            errors().print(f"[yellow]{_reason(failure)}; again in {pause_s:.1f} s[/yellow]")
            sleep(pause_s)
    raise AssertionError("the last attempt returns or raises")


def _pause_s(failure: CommandFailed, attempt: int) -> float | None:
    """Seconds; None where a repetition can't help. The random part spreads senders that failed together."""
    if isinstance(failure, Refused):
        return failure.retry_after_s
    return float(min(_LONGEST_S, _FIRST_S * 2**attempt)) * random.uniform(0.8, 1.2)  # noqa: S311 (no secret)


def _reason(failure: CommandFailed) -> str:
    return "the server is busy" if isinstance(failure, Refused) else "the server can't be reached"
