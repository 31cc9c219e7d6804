"""First signal asks, second forces; one that a parent passes on is the first again."""

import os
import signal

import pytest

from justpaid.server import stop_signals
from justpaid.server.stop_signals import StopSignals


class Moments:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> Moments:
    moments = Moments()
    monkeypatch.setattr(stop_signals, "time", moments)
    return moments


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_interrupts_and_only_a_later_one_forces(moments: Moments, number: signal.Signals) -> None:
    forced: list[float] = []
    before = signal.getsignal(number)
    with StopSignals(lambda: forced.append(moments.now)).installed():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        for moments.now in (100.2, 101.0, 101.1):
            os.kill(os.getpid(), number)
    assert forced == [101.1]
    assert signal.getsignal(number) == before


def test_what_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignals(lambda: None).installed():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
