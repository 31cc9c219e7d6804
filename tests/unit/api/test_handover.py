"""Results reach the loop, also when many come at once, when one fails, and when nobody waits any more."""

import asyncio
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any

import pytest

from justpaid.api.handover import Handover


def test_each_gets_its_own_and_a_group_wakes_the_loop_once() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        handover: Handover[int] = Handover(loop)
        woken = 0
        call_soon = loop.call_soon_threadsafe

        def counting(*what: Any) -> Any:
            nonlocal woken
            woken += 1
            return call_soon(*what)

        promised: list[Future[int]] = [Future() for _ in range(100)]
        waiting = [asyncio.create_task(handover.wait_for(one)) for one in promised]
        await asyncio.sleep(0)
        loop.call_soon_threadsafe = counting  # type: ignore[method-assign]
        for number, one in enumerate(promised):
            one.set_result(number)
        assert await asyncio.gather(*waiting) == list(range(100))
        assert woken == 1

    with asyncio.Runner() as runner:
        runner.run(main())


def test_from_many_threads_none_is_forgotten() -> None:
    async def main() -> None:
        handover: Handover[int] = Handover(asyncio.get_running_loop())
        promised: list[Future[int]] = [Future() for _ in range(2000)]
        waiting = [asyncio.create_task(handover.wait_for(one)) for one in promised]
        with ThreadPoolExecutor(8) as threads:
            for number, one in enumerate(promised):
                threads.submit(one.set_result, number)
            assert await asyncio.wait_for(asyncio.gather(*waiting), 20) == list(range(2000))

    with asyncio.Runner() as runner:
        runner.run(main())


def test_an_error_is_raised_where_it_is_waited_for() -> None:
    async def main() -> None:
        handover: Handover[int] = Handover(asyncio.get_running_loop())
        failed: Future[int] = Future()
        failed.set_exception(ValueError("no"))
        with pytest.raises(ValueError, match="no"):
            await handover.wait_for(failed)
        given_up: Future[int] = Future()
        given_up.cancel()
        given_up.set_running_or_notify_cancel()
        with pytest.raises(asyncio.CancelledError):
            await handover.wait_for(given_up)

    with asyncio.Runner() as runner:
        runner.run(main())


def test_who_stops_waiting_cancels_what_has_not_begun_and_nothing_else() -> None:
    async def main() -> None:
        handover: Handover[int] = Handover(asyncio.get_running_loop())
        begun: Future[int] = Future()
        begun.set_running_or_notify_cancel()
        not_begun: Future[int] = Future()
        waiting = [asyncio.create_task(handover.wait_for(one)) for one in (begun, not_begun)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        assert all(
            isinstance(one, asyncio.CancelledError) for one in await asyncio.gather(*waiting, return_exceptions=True)
        )
        begun.set_result(1)
        assert begun.result() == 1
        with pytest.raises(CancelledError):
            not_begun.result(0)
        await asyncio.sleep(0)

    with asyncio.Runner() as runner:
        runner.run(main())
