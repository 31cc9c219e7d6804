"""Imports by HTTP on the real engines: nothing counts twice, bad rows come back with their reason, a run survives."""

import csv
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from justpaid.imports import Importer
from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.failpoints import InjectedFailure, arm
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.steps import NOW, errors, get, post

FILE = """account,time,model,tokens,note
acme,2026-04-01T12:00:00Z,gpt-4o,100,
acme,2026-04-02T12:00:00Z,gpt-4o,200.5,
,2026-04-02T12:00:00Z,gpt-4o,1,nobody
globex,yesterday,gpt-4o,1,"=HYPERLINK(""http://x"")"
globex,2026-04-03T12:00:00Z,small,-5,
"""
MAPPING = {
    "columns": {
        "customer_id": "account",
        "timestamp": "time",
        "properties.model": "model",
        "properties.tokens": "tokens",
    },
    "values": {"event": "api_call"},
}


@pytest.fixture
def importer(database: Database, engines: Engines, tmp_path: Path) -> Iterator[Importer]:
    """Runs when it is told to."""
    importer = Importer(database, engines.ingest, FixedClock(NOW), tmp_path)
    yield importer
    with database.system() as session:
        session.connection().exec_driver_sql("UPDATE imports SET status = 'failed' WHERE status = 'running'")


@pytest.fixture
def installation(database: Database, engines: Engines, importer: Importer) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), imports=importer, **vars(engines))  # type: ignore[arg-type]


def upload(client: TestClient, content: str | bytes = FILE, name: str = "april.csv") -> dict[str, Any]:
    sent = content.encode() if isinstance(content, str) else content
    response = client.post(f"/v1/imports?filename={name}", content=sent, headers={"Content-Type": "text/csv"})
    assert response.status_code == 201, response.text
    return dict(response.json())


def imported(client: TestClient, importer: Importer, content: str = FILE, **mapping: Any) -> dict[str, Any]:
    made = upload(client, content)
    started = post(client, f"/v1/imports/{made['id']}/start", {"mapping": mapping or MAPPING})
    assert started["status"] == "running"
    assert importer.run_started() == 1
    return get(client, f"/v1/imports/{made['id']}")


def counts(document: dict[str, Any]) -> tuple[int, ...]:
    return tuple(document[name] for name in ("rows_done", "accepted", "duplicates", "conflicts", "rejected"))


def tokens(client: TestClient, engines: Engines) -> str:
    assert engines.metering.drain(20)
    span = {"from": "2026-04-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"}
    return str(get(client, "/v1/usage", meter="tokens", **span)["data"][0]["value"])


@pytest.fixture
def shop(client: TestClient) -> TestClient:
    meter = {"key": "tokens", "event": "api_call", "aggregation": "sum", "property": "properties.tokens"}
    post(client, "/v1/meters", meter)
    return client


def test_a_file_is_uploaded_mapped_previewed_and_imported(
    shop: TestClient, importer: Importer, engines: Engines
) -> None:
    made = upload(shop)
    assert made["columns"][3] == {"name": "tokens", "samples": ["100", "200.5", "1"]}
    assert made["suggested_mapping"] == {
        "columns": {
            "customer_id": "account",
            "timestamp": "time",
            "properties.model": "model",
            "properties.tokens": "tokens",
            "properties.note": "note",
        },
        "values": {},
        "timezone": None,
    }
    assert (made["rows"], made["encoding"], made["delimiter"], made["status"]) == (5, "utf-8", ",", "uploaded")
    rows = post(shop, f"/v1/imports/{made['id']}/preview", {"mapping": MAPPING})["data"]
    assert rows[0]["event"]["customer_id"] == "acme"
    assert rows[0]["event"]["properties"] == {"model": "gpt-4o", "tokens": 100}
    assert [row["code"] for row in rows] == [None, None, "missing_field", "invalid_timestamp", None]
    assert get(shop, "/v1/events")["data"] == []
    post(shop, f"/v1/imports/{made['id']}/start", {"mapping": MAPPING})
    importer.run_started()
    done = get(shop, f"/v1/imports/{made['id']}")
    assert (done["status"], counts(done)) == ("completed", (5, 3, 0, 0, 2))
    assert tokens(shop, engines) == "295.5"
    response = shop.get(f"/v1/imports/{made['id']}/rejected.csv")
    header, *rejected = csv.reader(StringIO(response.text))
    assert header == ["account", "time", "model", "tokens", "note", "row", "error_code", "error"]
    assert rejected[0][:7] == ["", "2026-04-02T12:00:00Z", "gpt-4o", "1", "nobody", "3", "missing_field"]
    assert rejected[1][4:7] == ['\'=HYPERLINK("http://x")', "4", "invalid_timestamp"]
    assert [one["id"] for one in get(shop, "/v1/imports")["data"]] == [made["id"]]
    assert list(importer.folder.iterdir()) == [importer.folder / f"{made['id']}.rejected.csv"]


def test_the_same_file_counts_once_and_another_mapping_of_it_conflicts(
    shop: TestClient, importer: Importer, engines: Engines
) -> None:
    assert counts(imported(shop, importer)) == (5, 3, 0, 0, 2)
    assert counts(imported(shop, importer)) == (5, 0, 3, 0, 2)
    other = {**MAPPING, "values": {"event": "another"}}
    again = imported(shop, importer, **other)
    assert counts(again) == (5, 0, 0, 3, 2)
    assert "conflict" in shop.get(f"/v1/imports/{again['id']}/rejected.csv").text
    assert tokens(shop, engines) == "295.5"


def test_ids_of_a_column_are_those_of_the_api(shop: TestClient, importer: Importer) -> None:
    body = {"id": "e1", "customer_id": "acme", "event": "call", "timestamp": "2026-04-01T12:00:00Z", "quantity": 2}
    post(shop, "/v1/events", body)
    content = "id,customer,event,time,qty\ne1,acme,call,2026-04-01T12:00:00Z,2.0\ne2,acme,call,2026-04-01T12:00:00Z,2\n"
    columns = {"id": "id", "customer_id": "customer", "event": "event", "timestamp": "time", "quantity": "qty"}
    assert counts(imported(shop, importer, content, columns=columns)) == (2, 1, 1, 0, 0)


def test_a_corrected_file_of_rejected_rows_is_imported(shop: TestClient, importer: Importer, engines: Engines) -> None:
    first = imported(shop, importer)
    rejected = shop.get(f"/v1/imports/{first['id']}/rejected.csv").text
    corrected = rejected.replace("yesterday", "2026-04-04T12:00:00Z").replace("\r\n,2026", "\r\nacme,2026")
    assert counts(imported(shop, importer, corrected)) == (2, 2, 0, 0, 0)
    assert tokens(shop, engines) == "297.5"


def test_a_run_that_died_goes_on_and_counts_nothing_twice(
    shop: TestClient, importer: Importer, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("justpaid.imports.importer.BATCH_ROWS", 2)
    made = upload(shop)
    post(shop, f"/v1/imports/{made['id']}/start", {"mapping": MAPPING})
    try:
        arm("import.after_commit=error:2")
        with pytest.raises(InjectedFailure):
            importer.run_started()
    finally:
        arm("")
    assert counts(get(shop, f"/v1/imports/{made['id']}")) == (2, 2, 0, 0, 0)
    assert importer.run_started() == 1
    done = get(shop, f"/v1/imports/{made['id']}")
    assert (done["status"], counts(done)) == ("completed", (5, 3, 0, 0, 2))
    assert tokens(shop, engines) == "295.5"
    assert len(shop.get(f"/v1/imports/{made['id']}/rejected.csv").text.splitlines()) == 3


def test_an_import_starts_once(shop: TestClient, importer: Importer) -> None:
    made = upload(shop)
    path = f"/v1/imports/{made['id']}"
    assert errors(shop.post(f"{path}/start", json={"mapping": {"columns": {"event": "nothing"}}})) == [
        "mapping.columns.event",
        "mapping.columns.customer_id",
    ]
    post(shop, f"{path}/start", {"mapping": MAPPING})
    assert shop.post(f"{path}/start", json={"mapping": MAPPING}).status_code == 409
    importer.run_started()
    assert shop.post(f"{path}/preview", json={"mapping": MAPPING}).status_code == 409


@pytest.mark.parametrize(
    ("query", "content", "content_type", "status"),
    [
        ("", b"", "text/csv", 422),
        ("", b"only,a,header\n", "text/csv", 422),
        ("?file=x", b"a\n1\n", "text/csv", 422),
        ("?filename=%00", b"a\n1\n", "text/csv", 422),
        ("", b"{}", "application/json", 415),
        ("", b"a\n" + b"1\n" * 1000, "text/csv", 413),
    ],
)
def test_what_is_no_upload(
    shop: TestClient,
    installation: TestInstallation,
    importer: Importer,
    query: str,
    content: bytes,
    content_type: str,
    status: int,
) -> None:
    installation.settings = load_settings(max_import_bytes=1024)
    for chunked in (False, True):
        body: Any = iter([content[:7], content[7:]]) if chunked else content
        answer = shop.post(f"/v1/imports{query}", content=body, headers={"Content-Type": content_type})
        assert answer.status_code == status, answer.text
    assert list(importer.folder.iterdir()) == []


def test_live_imports_can_not_come_from_the_future(company: Company, importer: Importer) -> None:
    content = "customer,event,time\nacme,call,2027-01-01T00:00:00Z\n"
    columns = {"customer_id": "customer", "event": "event", "timestamp": "time"}
    assert counts(imported(company.live, importer, content, columns=columns)) == (1, 0, 0, 0, 1)
    assert counts(imported(company.client, importer, content, columns=columns)) == (1, 1, 0, 0, 0)


def test_a_stranger_finds_no_import(
    shop: TestClient, company: Company, new_company: Callable[[], Company], importer: Importer
) -> None:
    made = upload(shop)
    for stranger in (new_company().client, company.live):
        assert get(stranger, "/v1/imports")["data"] == []
        for method, path in (("GET", ""), ("POST", "/preview"), ("POST", "/start"), ("GET", "/rejected.csv")):
            body = {"mapping": MAPPING} if method == "POST" else None
            assert stranger.request(method, f"/v1/imports/{made['id']}{path}", json=body).status_code == 404
