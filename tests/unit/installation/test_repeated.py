"""Work that a server repeats: each time that it is due, though it failed before, until it is told to stop."""

import threading
import time
from datetime import timedelta

from structlog.testing import capture_logs

from justpaid.installation.repeated import repeated

SOON = timedelta(milliseconds=5)


def test_it_goes_on_after_a_failure_and_says_so() -> None:
    done = threading.Event()
    calls: list[int] = []

    def work(_stopping: threading.Event) -> None:
        calls.append(len(calls))
        if len(calls) == 1:
            raise ValueError("the first time")
        done.set()

    with capture_logs() as logged, repeated(work, SOON, name="trial"):
        assert done.wait(10)
    assert [(one["event"], one["work"], one["error"]) for one in logged] == [
        ("background.failed", "trial", "the first time")
    ]
    so_far = len(calls)
    time.sleep(0.05)
    assert len(calls) == so_far  # it has stopped


def test_work_is_told_to_end_early() -> None:
    begun, ended = threading.Event(), threading.Event()

    def work(stopping: threading.Event) -> None:
        begun.set()
        assert stopping.wait(10)
        ended.set()

    with repeated(work, timedelta(hours=1), name="trial", at_once=True):
        assert begun.wait(10)
    assert ended.is_set()


def test_no_interval_is_never() -> None:
    with repeated(lambda _stopping: 1 / 0, timedelta(0), name="trial"), capture_logs() as logged:
        time.sleep(0.02)
    assert logged == []
