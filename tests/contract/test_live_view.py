"""The dashboard's live view: few samples, steady pulses, and nothing that slows receipts down."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from justpaid.api.stream import EventStream
from justpaid.ingest import Feed
from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.steps import NOW, post
from tests.contract.test_events import event, problem
from tests.contract.test_events_stream import Reader, run, sent, until

LIVE = "view=live"


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


async def samples(reader: Reader, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while len(found) < count:
        name, data = await reader.next()
        if name == "sample":
            found.append(data)
    return found


async def pulse(reader: Reader, wanted: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
    while True:
        name, data = await reader.next()
        if name == "pulse" and wanted(data):
            return dict(data)


def test_samples_say_who_what_and_how_far_it_is(app: FastAPI, company: Company, engines: Engines) -> None:
    post(company.client, "/v1/customers", {"external_id": "acme", "name": "Acme <b>Inc.</b>"})

    async def story() -> None:
        reader = await Reader(app, company, LIVE).connected()
        await pulse(reader)
        at = "2026-04-15T12:00:00Z"
        await sent(
            company.client,
            event("a", timestamp=at, quantity="0.50", properties={"model": "gpt-4o", "tokens": "1847"}),
            event("b", timestamp=at, customer_id="stray", properties={"input_tokens": 1200, "output_tokens": 0.5}),
            event("c", timestamp=at, properties={"model": {"no": "text"}, "tokens": [1]}),
        )
        found = {sample.pop("id"): sample for sample in await samples(reader, 3)}
        assert found["a"].pop("state") in ("accepted", "metered")
        assert found["a"] == {
            "at": at,
            "customer": "acme",
            "customer_name": "Acme <b>Inc.</b>",
            "event": "completion",
            "quantity": "0.5",
            "model": "gpt-4o",
            "tokens": "1847",
        }
        assert (found["b"]["customer_name"], found["b"]["tokens"], found["b"]["state"]) == (
            None,
            "1200.5",
            "unattributed",
        )
        assert (found["c"]["model"], found["c"]["tokens"]) == (None, None)
        await reader.leave()
        assert engines.feed._watchers == ()

    run(story())


def test_a_flood_is_counted_and_few_of_it_are_shown(app: FastAPI, company: Company, engines: Engines) -> None:
    async def story() -> None:
        reader = await Reader(app, company, LIVE).connected()
        await pulse(reader)
        for batch in range(4):
            at = "2026-04-15T12:00:00Z"
            await sent(company.client, *(event(f"{batch}-{n}", timestamp=at) for n in range(1000)))
        assert await asyncio.to_thread(engines.metering.drain, 20)
        shown = arrived = 0
        while arrived < 4000:
            told = await pulse(reader)
            assert told["shown"] <= 5
            shown, arrived = shown + told["shown"], arrived + told["arrived"]
        assert (arrived, shown >= 5) == (4000, True)
        told = await pulse(reader, lambda told: told["events_today"] == 4000)
        assert told["at"] == "2026-04-15T22:00:00Z"
        assert told["events_per_minute"] == 4000
        assert (told["metered_behind"], told["lag_ms"]) == (0, 0)
        await reader.leave()

    run(story())


def test_a_slow_reader_misses_pulses_and_holds_nobody_up(
    app: FastAPI, company: Company, installation: TestInstallation
) -> None:
    async def story() -> None:
        reader = await Reader(app, company, LIVE).connected()
        await pulse(reader)
        reader.hold()
        await until(lambda: b"pulse" in reader.waiting_frame)
        for batch in range(3):
            await sent(company.client, *(event(f"{batch}-{n}") for n in range(1000)))
        await asyncio.sleep(0.6)
        (sampler,) = installation.feed._watchers
        assert len(sampler._kept) == 5
        reader.resume()
        told = await pulse(reader, lambda told: told["arrived"] > 0)
        assert (told["arrived"], told["shown"]) == (3000, 5)
        await reader.leave()

    run(story())


def test_it_shows_only_its_organisations_events(
    app: FastAPI, company: Company, new_company: Callable[[], Company]
) -> None:
    other = new_company()

    async def story() -> None:
        reader = await Reader(app, company, LIVE).connected()
        await pulse(reader)
        for stranger in (other.client, company.live):
            await sent(stranger, event("theirs"))
        await sent(company.client, event("ours"))
        (sample,) = await samples(reader, 1)
        assert sample["id"] == "ours"
        assert (await pulse(reader))["events_per_minute"] == 1
        await reader.leave()

    run(story())


def test_a_revoked_key_ends_it(installation: TestInstallation, company: Company, engines: Engines) -> None:
    issued = company.client.post("/v1/api-keys", json={"name": "for the view"}).json()
    theirs = Company(company.organisation_id, company.client, company.live, issued["secret"])

    async def story() -> None:
        reader = await Reader(EventStream(installation, heartbeat_s=0.01), theirs, LIVE).connected()
        await asyncio.to_thread(company.client.delete, f"/v1/api-keys/{issued['id']}")
        await asyncio.wait_for(reader.task, 20)
        assert engines.feed._watchers == ()

    run(story())


def test_a_stop_of_the_server_ends_it(app: FastAPI, company: Company, installation: TestInstallation) -> None:
    installation.feed = Feed()

    async def story() -> None:
        reader = await Reader(app, company, LIVE).connected()
        await pulse(reader)
        installation.feed.close()
        await asyncio.wait_for(reader.task, 20)

    run(story())


@pytest.mark.parametrize(
    ("query", "fields"), [("view=dead", ["view"]), ("view=live&customer_id=acme&event=x", ["customer_id", "event"])]
)
def test_what_it_does_not_take(client: TestClient, query: str, fields: list[str]) -> None:
    document = problem(client.get(f"/v1/events/stream?{query}"), 422)
    assert [error["field"] for error in document["errors"]] == fields
