"""The outermost layer knows every request in flight, so that a stop can cut what does not finish."""

import asyncio
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send


class InFlight:
    """Wraps the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._app(scope, receive, send)
        finally:
            self._tasks.discard(task)

    def cut(self) -> int:
        """Cancel what is still in flight, and say how many requests that were."""
        for task in self._tasks:
            task.cancel()
        return len(self._tasks)
