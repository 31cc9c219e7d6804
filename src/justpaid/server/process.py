"""The server process: engines open, the API on Granian in this process's event loop, and an orderly end.

Stopping: no new connections, live streams end, requests in flight finish (what hangs is cut after `_GRACE_S`), the
committer and metering finish what they hold, the engines close. A second signal skips all that, and the next start
recovers.
"""

import asyncio
import gc
import logging
import os
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import httpx
import structlog
from granian.constants import HTTPModes, Interfaces
from granian.net import SocketHolder  # type: ignore[attr-defined]  # defined there, imported from its core
from granian.server.embed import Server

from justpaid.api import create_app
from justpaid.installation import (
    Installation,
    abandon,
    alerts_by_themselves,
    backtests_by_themselves,
    billing_by_itself,
    imports_by_itself,
    open_installation,
    prepared_apart,
    retention_by_itself,
    upkeep_by_itself,
)
from justpaid.kernel.errors import EngineUnavailable
from justpaid.platform.settings import Settings
from justpaid.server.in_flight import InFlight
from justpaid.server.listener import BACKLOG, Listener, listen
from justpaid.server.stop_signals import StopSignals


@dataclass(frozen=True, slots=True)
class Hooks:
    """Called in the event loop, so they must not block: `on_ready` with the address and the installation, once /readyz
    answers; `on_stop` when a stop begins."""

    on_ready: Callable[[str, Installation], None] = lambda _address, _installation: None
    on_stop: Callable[[], None] = lambda: None


_GRACE_S: Final = 20.0
#: How long a thread keeps Python's lock while others wait: a receipt takes it several times over, and would wait for a
#: billing run's turn each time.
_TURN_S: Final = 0.0005
_CUT_S: Final = 2.0
_READY_POLL_S: Final = 0.05
_READY_PATIENCE_S: Final = 10.0
_FORCED: Final = 130  # as a shell reports a program that Ctrl-C ended

log = structlog.get_logger(__name__)


def serve(settings: Settings, hooks: Hooks, *, port: int | None = None) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP. `port` goes before the settings' and may be 0, for any free one.

    Raises: EngineUnavailable if the port is taken, an engine can't start, or the server fails; KeyboardInterrupt for a
    signal while the engines open.
    """
    signals = StopSignals(on_second=lambda: _force(settings))
    listener = listen(settings.host, settings.port if port is None else port)
    with (
        closing(listener.socket),
        signals.installed(),
        open_installation(settings) as installation,
        prepared_apart(installation),
        billing_by_itself(installation),
        retention_by_itself(installation),
        upkeep_by_itself(installation),
        imports_by_itself(installation),
        backtests_by_themselves(installation),
        alerts_by_themselves(installation),
    ):
        _spare_the_collector()
        sys.setswitchinterval(_TURN_S)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_run(installation, listener, signals, hooks))
        signals.install()


def _spare_the_collector() -> None:
    """What exists by now lives as long as the process, and a batch of events makes thousands of dictionaries that die
    young without cycles: look for garbage less often, and not among the modules."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


def _force(settings: Settings) -> None:
    log.warning("stopped at once; the next start recovers")
    if settings.database_url is None:
        abandon(settings)
    os._exit(_FORCED)


class _Granian(Server):
    """Granian in our event loop, on our socket: one of its own would share the port with another process's."""

    def __init__(self, app: InFlight, listener: Listener) -> None:
        super().__init__(app, interface=Interfaces.ASGINL, http=HTTPModes.http1, websockets=False, log_enabled=False)
        self._listener = listener
        _route_log()

    def _init_shared_socket(self) -> None:
        # Granian owns the descriptor that it is given, and closes it.
        descriptor = os.dup(self._listener.socket.fileno())
        self._shd = SocketHolder(descriptor, False, BACKLOG)  # type: ignore[call-arg, assignment]  # untyped there


def _route_log() -> None:
    """Granian's warnings go the way of ours, but for the one that each start would show."""
    granian = logging.getLogger("_granian")
    granian.handlers.clear()
    granian.propagate = True
    granian.setLevel(logging.WARNING)
    granian.addFilter(lambda record: "experimental" not in record.getMessage())


async def _run(installation: Installation, listener: Listener, signals: StopSignals, hooks: Hooks) -> None:
    """Serve until told to stop, then let go of every client.

    Raises: EngineUnavailable if the server ends by itself.
    """
    stopping = asyncio.Event()
    signals.hand_over(asyncio.get_running_loop(), on_first=stopping.set)
    api = create_app(installation)
    api.state.request_log.start()
    app = InFlight(api)
    server = _Granian(app, listener)
    serving = asyncio.create_task(server.serve())
    announcing = asyncio.create_task(_announce(listener.address, installation, hooks))
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
    announcing.cancel()
    stopped.cancel()
    listener.socket.close()
    if serving.done():
        raise EngineUnavailable("The HTTP server ended by itself; its log says why.") from serving.exception()
    log.info("stopping: finishing what was accepted; a second Ctrl-C stops at once")
    hooks.on_stop()
    installation.feed.close()
    await _let_go(server, app, serving)
    await asyncio.to_thread(api.state.request_log.stop)


async def _let_go(server: Server, app: InFlight, serving: "asyncio.Task[None]") -> None:
    server.stop()  # type: ignore[no-untyped-call]
    await asyncio.wait({serving}, timeout=_GRACE_S)
    if not serving.done():
        log.warning("cut requests that did not finish", requests=app.cut(), waited_s=_GRACE_S)
        await asyncio.wait({serving}, timeout=_CUT_S)


async def _announce(address: str, installation: Installation, hooks: Hooks) -> None:
    """Tell that the server is ready once it says so itself, from outside."""
    loop = asyncio.get_running_loop()
    patient_until = loop.time() + _READY_PATIENCE_S
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=_READY_PATIENCE_S) as client:
        while not await _answers(client):
            if loop.time() > patient_until:
                log.warning("not ready yet", reason=installation.ready())
                patient_until = loop.time() + _READY_PATIENCE_S
            await asyncio.sleep(_READY_POLL_S)
    hooks.on_ready(address, installation)


async def _answers(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop  # not on Windows

    return uvloop.new_event_loop
