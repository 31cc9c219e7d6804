"""The baseline and the limit listen as JustPaid does: Granian within one uvloop event loop."""

import asyncio
import signal
from typing import Any

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server


def listen_until_told(app: Any, port: int) -> None:
    """Serve an ASGI app on 127.0.0.1 until SIGINT or SIGTERM."""

    async def serve() -> None:
        server = Server(
            app,
            address="127.0.0.1",
            port=port,
            interface=Interfaces.ASGI,
            http=HTTPModes.http1,
            websockets=False,
            backlog=1024,
            log_enabled=False,
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, server.stop)
        await server.serve()

    uvloop.run(serve())
