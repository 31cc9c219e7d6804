"""Named places where a test may kill the process, make a step fail or slow it down; they cost one look-up when unused.

`JUSTPAID_FAILPOINTS="journal.before_sync=kill,drain.after_events=kill:3"` kills at the first and at the third passage.
`error` and `error:3` raise there instead; `error*3` raises at each of the first three passages, `error*` at all.
`delay:0.5` takes half a second at every passage. Only fault and crash tests set it.
"""

import os
import re
import signal
import time
from typing import Final

_ACTION: Final = re.compile(r"(kill|error)(?::(\d+))?|(error)\*(\d*)|(delay):(\d+(?:\.\d+)?)")


class InjectedFailure(RuntimeError):
    """Raised by a failpoint that is set to `error`."""


class _Failpoint:
    """Acts at the passages `first` to `last`; None: without end."""

    def __init__(self, verb: str, first: int, last: int | None, delay_s: float = 0.0) -> None:
        self._verb = verb
        self._first = first
        self._last = last
        self._delay_s = delay_s
        self._passages = 0

    def reach(self, name: str) -> None:
        self._passages += 1
        if self._passages < self._first or (self._last is not None and self._passages > self._last):
            return
        if self._verb == "delay":
            time.sleep(self._delay_s)
            return
        if self._verb == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise InjectedFailure(name)


def _parse(text: str) -> dict[str, _Failpoint]:
    points = {}
    for setting in filter(None, text.split(",")):
        name, _, action = setting.partition("=")
        points[name] = _parse_action(action)
    return points


def _parse_action(action: str) -> _Failpoint:
    found = _ACTION.fullmatch(action)
    if found is None:
        raise ValueError(f"{action!r} is no failpoint action")
    once, passage, _repeatedly, times, _delay, seconds = found.groups()
    if once:
        return _Failpoint(once, int(passage or 1), int(passage or 1))
    if seconds:
        return _Failpoint("delay", 1, None, float(seconds))
    return _Failpoint("error", 1, int(times) if times else None)


_armed = _parse(os.environ.get("JUSTPAID_FAILPOINTS", ""))


def failpoint(name: str) -> None:
    if _armed and (point := _armed.get(name)):
        point.reach(name)


def arm(setting: str) -> None:
    """Arm within this process, in the syntax of the environment variable; an empty string disarms all."""
    parsed = _parse(setting)
    _armed.clear()
    _armed.update(parsed)
