"""Sends live traffic until it is told to stop, and shows how much flows."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from rich.console import Group
from rich.live import Live
from rich.text import Text

from justpaid.demo.client import Api
from justpaid.demo.live import LiveTraffic
from justpaid.demo.show import EstimateRow, Screen, estimates_table
from justpaid.kernel.clock import Clock

#: Between two batches of live events; four a second keep a dashboard moving.
TICK_S: Final = 0.25
_ESTIMATES_EVERY_S: Final = 10.0
_LINE_EVERY_S: Final = 60.0


_SETTLING_S: Final = 10.0


class Rate:
    """Events a minute, over the last minute; while that is not over, over the time since the start.

    The first batch holds what came due while the books were made, so it counts as ten seconds' worth at least.
    """

    def __init__(self, began_s: float) -> None:
        self._began_s = began_s
        self._batches: deque[tuple[float, int]] = deque()
        self.total = 0

    def add(self, now_s: float, events: int) -> None:
        self.total += events
        self._batches.append((now_s, events))
        while self._batches[0][0] <= now_s - 60:
            self._batches.popleft()

    def per_minute(self, now_s: float) -> int:
        covered_s = min(60.0, max(_SETTLING_S, now_s - self._began_s))
        return round(sum(events for _, events in self._batches) * 60 / covered_s)


def broadcast(api: Api, traffic: LiveTraffic, clock: Clock, stop: threading.Event) -> Iterator[Rate]:
    """Send what has come due, four times a second, until `stop`; gives the rate after each time."""
    rate = Rate(time.monotonic())
    while not stop.wait(TICK_S):
        if events := traffic.due(clock.now()):
            api.send_events(events)
            rate.add(time.monotonic(), len(events))
        yield rate


def tell(screen: Screen, rates: Iterable[Rate]) -> None:
    """A line a minute, for a log."""
    screen.line("Live traffic flows now, until this is stopped.")
    line_at = time.monotonic() + _LINE_EVERY_S
    for rate in rates:
        if time.monotonic() >= line_at:
            screen.line(_rate_line(rate))
            line_at += _LINE_EVERY_S


def show(screen: Screen, rates: Iterable[Rate], estimates: Callable[[], Sequence[EstimateRow]]) -> None:
    """On a terminal, what the running periods cost, growing as the events come in. `estimates` reads it anew."""
    rows = estimates()
    read_at = time.monotonic()
    with Live(estimates_table(rows), console=screen.console, auto_refresh=False) as live:
        for rate in rates:
            if time.monotonic() >= read_at + _ESTIMATES_EVERY_S:
                rows = estimates()
                read_at = time.monotonic()
            status = Text.from_markup(f"\n[green]●[/] {_rate_line(rate)}")
            live.update(Group(estimates_table(rows), status), refresh=True)


def _rate_line(rate: Rate) -> str:
    per_minute = rate.per_minute(time.monotonic())
    return f"{per_minute:,} events a minute · {rate.total:,} live events so far · Ctrl-C stops everything"
