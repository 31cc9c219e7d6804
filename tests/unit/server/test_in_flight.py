"""Requests in flight are known, and can be cut."""

import asyncio
from typing import Any

from justpaid.server.in_flight import InFlight


def test_only_what_has_not_finished_is_cut() -> None:
    ended: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        try:
            if scope["path"] == "/hangs":
                await asyncio.Event().wait()
        finally:
            ended.append(scope["path"])

    async def story() -> tuple[int, int]:
        flying = InFlight(application)
        quick, hanging = (asyncio.create_task(flying({"path": path}, _none, _none)) for path in ("/quick", "/hangs"))
        await quick
        cut = flying.cut()
        await asyncio.wait({hanging})
        return cut, flying.cut()

    assert asyncio.run(story()) == (1, 0)
    assert ended == ["/quick", "/hangs"]


async def _none(*_: Any) -> Any: ...
