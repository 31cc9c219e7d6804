"""GET /v1/status: how far metering is behind what was accepted."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from justpaid.platform.database import Database
from justpaid.platform.failpoints import arm
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Engines, TestInstallation
from tests.contract.steps import call, get, send


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), **vars(engines))


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm("")


def test_it_tells_what_waits_and_for_how_long(client: TestClient, engines: Engines) -> None:
    assert engines.metering.drain(20)
    assert get(client, "/v1/status") == {"metering": {"lag_events": 0, "backlog_bytes": 0, "seconds_behind": 0}}
    arm("drain.before_events=error*")
    send(client, *(call("2026-03-01T00:00:00Z", 1) for _ in range(3)))
    first = get(client, "/v1/status")["metering"]
    send(client, call("2026-03-01T00:00:00Z", 1))
    second = get(client, "/v1/status")["metering"]
    assert (first["lag_events"], second["lag_events"]) == (3, 4)
    assert 0 < first["backlog_bytes"] < second["backlog_bytes"]
    assert 0 <= first["seconds_behind"] <= second["seconds_behind"] < 60
    arm("")
    assert engines.metering.drain(20)
    assert get(client, "/v1/status")["metering"]["lag_events"] == 0


def test_it_needs_a_key(anonymous: TestClient) -> None:
    assert anonymous.get("/v1/status").status_code == 401
