"""The live stream, driven over ASGI: a test client would wait for the end of an answer that has none."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from justpaid.api.stream import EventStream
from justpaid.ingest import Feed
from justpaid.platform.database import Database
from justpaid.platform.failpoints import arm
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.test_events import bearer, event, problem, scope, send

_PATIENCE_S = 20
Frame = tuple[str, Any]


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), **vars(engines))


class Reader:
    """A client of the stream. `hold` makes it stop reading, `leave` go away."""

    def __init__(
        self,
        app: ASGIApp,
        company: Company,
        query: str = "",
        last_id: int | None = None,
        path: str = "/v1/events/stream",
    ) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self._frames: asyncio.Queue[str] = asyncio.Queue()
        self._left = asyncio.Event()
        self._reading = asyncio.Event()
        self._reading.set()
        headers = [bearer(company)] + ([] if last_id is None else [(b"last-event-id", str(last_id).encode())])
        request = scope("GET", path, headers, query.encode())
        self.waiting_frame = b""
        self.task = asyncio.ensure_future(app(request, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.waiting_frame = message.get("body", b"") if not self._reading.is_set() else b""
        await self._reading.wait()
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        for frame in message.get("body", b"").decode().split("\n\n")[:-1]:
            self._frames.put_nowait(frame)

    async def next(self) -> Frame:
        """The next frame: ("comment", text) or (event, data)."""
        frame = await asyncio.wait_for(self._frames.get(), _PATIENCE_S)
        if frame.startswith(":"):
            return "comment", frame[2:]
        fields = dict(line.split(": ", 1) for line in frame.split("\n"))
        data = json.loads(fields["data"])
        assert "id" not in fields or int(fields["id"]) == data["sequence"]
        return fields["event"], data

    async def usage(self) -> str:
        name, data = await self.next()
        assert name == "usage", (name, data)
        return str(data["id"])

    async def connected(self) -> "Reader":
        assert await self.next() == ("comment", "connected")
        assert self.status == 200
        return self

    def hold(self) -> None:
        self._reading.clear()

    def resume(self) -> None:
        self._reading.set()

    async def leave(self) -> None:
        self._left.set()
        await asyncio.wait_for(self.task, _PATIENCE_S)


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 60))


async def sent(client: TestClient, *events: dict[str, Any]) -> None:
    await asyncio.to_thread(send, client, *events)


def test_events_are_shown_as_they_are_accepted(app: FastAPI, company: Company, engines: Engines) -> None:
    async def story() -> None:
        reader = await Reader(app, company).connected()
        assert reader.headers[b"content-type"] == b"text/event-stream; charset=utf-8"
        assert reader.headers[b"cache-control"] == b"no-store"
        await sent(company.client, event("a", quantity="0.50", properties={"n": 1}), {"id": "bad"})
        name, data = await reader.next()
        assert name == "usage"
        sequence = data.pop("sequence")
        assert data == {
            "id": "a",
            "customer_id": "acme",
            "event": "completion",
            "timestamp": "2026-03-01T10:00:00Z",
            "quantity": "0.5",
            "properties": {"n": 1},
        }
        await sent(company.client, event("a", quantity="0.5", properties={"n": 1.0}), event("b"))  # a: a duplicate
        name, data = await reader.next()
        assert (data["id"], data["sequence"]) == ("b", sequence + 1)
        await reader.leave()
        assert engines.feed._watchers == ()

    run(story())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["a", "b", "c", "d"]),
        ("event=embedding", ["b"]),
        ("customer_id=acme", ["a", "b", "c"]),  # by any of its keys
        ("customer_id=acme-eu&event=completion", ["a", "c"]),
        ("customer_id=stray", ["d"]),
    ],
)
def test_filters(app: FastAPI, company: Company, query: str, expected: list[str]) -> None:
    company.client.post("/v1/customers", json={"external_id": "acme", "aliases": ["acme-eu"]})

    async def story() -> None:
        reader = await Reader(app, company, query).connected()
        end = event("end", event="embedding", customer_id="acme"), event("end2", customer_id="stray")
        await sent(
            company.client,
            event("a"),
            event("b", event="embedding"),
            event("c", customer_id="acme-eu"),
            event("d", customer_id="stray"),
            *end,
            event("end3"),
        )
        shown = [await reader.usage() for _ in range(len(expected) + 1)]
        assert shown[:-1] == expected
        assert shown[-1].startswith("end")
        await reader.leave()

    run(story())


def test_a_stream_shows_only_its_organisations_events(
    app: FastAPI, company: Company, new_company: Callable[[], Company]
) -> None:
    other = new_company()

    async def story() -> None:
        reader = await Reader(app, company).connected()
        for stranger in (other.client, company.live):
            await sent(stranger, event("theirs"))
        await sent(company.client, event("ours"))
        assert await reader.usage() == "ours"
        await reader.leave()

    run(story())


def test_a_slow_reader_is_told_how_many_it_lost(app: FastAPI, company: Company) -> None:
    async def story() -> None:
        reader = await Reader(app, company).connected()
        reader.hold()
        await sent(company.client, event("first"))  # the stream now waits for the reader with this one in its hands
        await until(lambda: b"first" in reader.waiting_frame)
        for batch in range(3):
            await sent(company.client, *(event(f"{batch}-{n}") for n in range(500)))
        # Receipts come before the feed: wait for the last batch to be offered.
        await until(lambda: app.state.installation.feed._watchers[0]._lost == 500)
        reader.resume()
        assert await reader.usage() == "first"
        assert await reader.next() == ("lost", {"count": 500})
        assert [await reader.usage() for _ in range(1000)][0::999] == ["1-0", "2-499"]
        await reader.leave()

    run(story())


async def until(condition: Callable[[], bool]) -> None:
    """Poll: the stream's own task has to get its turn."""
    async with asyncio.timeout(_PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.001)


def test_a_silent_stream_is_kept_open_by_comments(installation: TestInstallation, company: Company) -> None:
    async def story() -> None:
        reader = await Reader(EventStream(installation, heartbeat_s=0.01), company).connected()
        assert [await reader.next() for _ in range(3)] == [("comment", "still here")] * 3
        await reader.leave()

    run(story())


def test_a_revoked_key_ends_its_stream(
    app: FastAPI, installation: TestInstallation, company: Company, engines: Engines
) -> None:
    issued = company.client.post("/v1/api-keys", json={"name": "for the stream"}).json()
    theirs = Company(company.organisation_id, company.client, company.live, issued["secret"])

    async def story() -> None:
        reader = await Reader(EventStream(installation, heartbeat_s=0.01), theirs).connected()
        response = await asyncio.to_thread(company.client.delete, f"/v1/api-keys/{issued['id']}")
        assert response.status_code == 200
        await asyncio.wait_for(reader.task, _PATIENCE_S)
        assert engines.feed._watchers == ()

    run(story())


def test_a_stream_that_is_cut_off_leaves_no_watcher(app: FastAPI, company: Company, engines: Engines) -> None:
    async def story() -> None:
        reader = await Reader(app, company).connected()
        assert len(engines.feed._watchers) == 1
        reader.task.cancel()
        await asyncio.wait({reader.task})
        assert engines.feed._watchers == ()
        await sent(company.client, event("after"))

    run(story())


@pytest.mark.parametrize(("query", "field"), [("customer=acme", "customer"), ("event=%00", "event")])
def test_a_parameter_that_makes_no_sense(client: TestClient, query: str, field: str) -> None:
    document = problem(client.get(f"/v1/events/stream?{query}"), 422)
    assert [error["field"] for error in document["errors"]] == [field]


def test_a_stop_of_the_server_ends_all_streams(app: FastAPI, company: Company, installation: TestInstallation) -> None:
    installation.feed = Feed()

    async def story() -> None:
        reader = await Reader(app, company).connected()
        installation.feed.close()
        await asyncio.wait_for(reader.task, _PATIENCE_S)
        late = await Reader(app, company).connected()
        await asyncio.wait_for(late.task, _PATIENCE_S)

    run(story())


@pytest.mark.parametrize("where", ["in the warehouse", "in the journal", "in both"])
def test_a_reader_that_comes_back_gets_what_it_missed_and_then_goes_on(
    app: FastAPI, company: Company, new_company: Callable[[], Company], engines: Engines, where: str
) -> None:
    other = new_company()

    def missed() -> None:
        send(company.client, event("a"), event("b", quantity="0.50", properties={"n": 1.50}), event("c"))
        send(other.client, event("theirs"))
        if where == "in both":
            assert engines.metering.drain(_PATIENCE_S)
            arm("drain.before_events=error*")
        send(company.client, event("d"), event("e", event="embedding"))

    async def story() -> None:
        if where == "in the journal":
            await asyncio.to_thread(arm, "drain.before_events=error*")
        first = engines.journal.head
        await asyncio.to_thread(missed)
        if where == "in the warehouse":
            assert await asyncio.to_thread(engines.metering.drain, _PATIENCE_S)
        # It had got "a": the first of a block of three.
        reader = await Reader(app, company, last_id=first).connected()
        assert await reader.next() == (
            "usage",
            {
                "id": "b",
                "customer_id": "acme",
                "event": "completion",
                "timestamp": "2026-03-01T10:00:00Z",
                "quantity": "0.5",
                "properties": {"n": 1.5},
                "sequence": first + 1,
            },
        )
        assert [await reader.usage() for _ in range(3)] == ["c", "d", "e"]
        await sent(company.client, event("f"))
        assert await reader.usage() == "f"
        await reader.leave()
        filtered = await Reader(app, company, "event=embedding&customer_id=acme", last_id=first).connected()
        assert await filtered.usage() == "e"
        await filtered.leave()

    try:
        run(story())
    finally:
        arm("")


def test_coming_back_amid_the_traffic_misses_and_doubles_nothing(app: FastAPI, company: Company) -> None:
    """Readers that take a few events and leave, while events are sent without a pause: together they see each once."""
    total = 400

    async def traffic() -> None:
        for start in range(0, total, 4):
            await sent(company.client, *(event(str(n)) for n in range(start, start + 4)))

    async def story() -> None:
        reader = await Reader(app, company).connected()
        sending = asyncio.ensure_future(traffic())
        seen: list[int] = []
        while len(seen) < total:
            name, data = await reader.next()
            assert name == "usage", (name, data)
            seen.append(int(data["id"]))
            if len(seen) % 7 == 0:
                await reader.leave()
                reader = await Reader(app, company, last_id=data["sequence"]).connected()
        assert seen == list(range(total))
        await sending
        await reader.leave()

    run(story())


def test_of_a_long_absence_the_newest_are_shown_after_what_was_lost(
    app: FastAPI, company: Company, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("justpaid.metering.replay.MAX_REPLAYED", 3)

    async def story() -> None:
        first = engines.journal.head
        await sent(company.client, *(event(str(n)) for n in range(10)))
        for drained in (False, True):
            if drained:
                assert await asyncio.to_thread(engines.metering.drain, _PATIENCE_S)
            reader = await Reader(app, company, last_id=first).connected()
            assert await reader.next() == ("lost", {"count": 6})
            assert [await reader.usage() for _ in range(3)] == ["7", "8", "9"]
            await reader.leave()

    run(story())


def test_an_id_that_is_still_to_come_goes_live_at_once(app: FastAPI, company: Company) -> None:
    async def story() -> None:
        reader = await Reader(app, company, last_id=10**17).connected()
        await sent(company.client, event("a"))
        assert await reader.usage() == "a"
        await reader.leave()

    run(story())


@pytest.mark.parametrize("last_id", ["x", "-1", "1.5", "9" * 19])
def test_a_last_id_that_is_none(client: TestClient, last_id: str) -> None:
    document = problem(client.get("/v1/events/stream", headers={"Last-Event-ID": last_id}), 422)
    assert [error["field"] for error in document["errors"]] == ["Last-Event-ID"]
