"""What every command has in common, and the small commands."""

import json
from pathlib import Path
from typing import Any

import pytest

from justpaid import __version__
from tests.unit.cli.conftest import Run, Stub

KEY = {"id": "key_1", "name": "backend", "hint": "wxyz", "created_at": "2026-04-17T15:19:02Z", "revoked_at": None}
RUN = {"id": "run_1", "status": "completed", "invoices_created": 3, "invoices_finalized": 2}


@pytest.mark.parametrize(
    ("status", "body", "exit_code", "said"),
    [
        (401, {"detail": "This API key is unknown."}, 4, "This API key is unknown."),
        (403, {"detail": "This key may not."}, 4, "This key may not."),
        (404, {"detail": "There is no such key."}, 1, "There is no such key."),
        (500, {"detail": "A fault of ours, incident 12."}, 1, "A fault of ours, incident 12."),
        (503, {"detail": "PostgreSQL does not answer."}, 3, "PostgreSQL does not answer."),
        (502, b"<html>Bad gateway</html>", 3, "answered 502 Bad Gateway."),
        (200, b"<html>Welcome</html>", 1, "does not answer like a JustPaid server"),
    ],
)
def test_what_the_server_answers_decides_the_exit_code(
    run: Run, stub: Stub, status: int, body: Any, exit_code: int, said: str
) -> None:
    stub.answer(status, body)
    result = run("keys", "list")
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_every_field_of_a_problem_is_named(run: Run, stub: Stub) -> None:
    errors = [
        {"field": "as_of", "message": "lies in the future"},
        {"field": "finalize", "message": "must be a boolean"},
    ]
    stub.problem(422, "The request has fields that can't be used.", errors)
    result = run("bill")
    assert result.exit_code == 1
    assert "  as_of: lies in the future\n  finalize: must be a boolean\n" in result.stderr


def test_no_server_is_exit_code_3_and_says_how_to_start_one(run: Run) -> None:
    result = run("keys", "list", "--url", "http://127.0.0.1:1")
    assert result.exit_code == 3
    assert "justpaid serve" in result.stderr


@pytest.mark.parametrize("url", ["127.0.0.1:8787", "ftp://x", "http://", ""])
def test_an_address_that_is_none(run: Run, url: str) -> None:
    assert run("keys", "list", "--url", url or " ").exit_code == 2


def test_no_key_is_exit_code_4(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JUSTPAID_API_KEY")
    result = run("keys", "list")
    assert result.exit_code == 4
    assert "JUSTPAID_API_KEY" in result.stderr


@pytest.mark.parametrize("arguments", [["nope"], ["keys", "list", "--nope"], ["serve", "--port", "70000"]])
def test_wrong_usage_is_exit_code_2(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_help_names_every_command(run: Run) -> None:
    shown = run("--help").stdout
    for command in ("serve", "demo", "check", "version", "bill", "explain", "events", "plans", "keys"):
        assert f" {command} " in shown
    assert "send" in run("events", "--help").stdout


def test_version(run: Run) -> None:
    assert __version__ in run("version").stdout
    assert json.loads(run("version", "--json").stdout)["version"] == __version__


def test_keys_are_listed_over_all_pages(run: Run, stub: Stub) -> None:
    stub.answer(200, {"data": [KEY], "next_cursor": "abc"})
    revoked = KEY | {"id": "key_0", "revoked_at": "2026-04-18T08:00:00Z"}
    stub.answer(200, {"data": [revoked], "next_cursor": None})
    assert [key["id"] for key in json.loads(run("keys", "list", "--json").stdout)] == ["key_1", "key_0"]
    assert [asked.path for asked in stub.asked] == ["/v1/api-keys?limit=100", "/v1/api-keys?limit=100&cursor=abc"]


def test_a_new_key_shows_its_secret_alone_on_a_line(run: Run, stub: Stub) -> None:
    stub.answer(201, KEY | {"mode": "test", "secret": "sk_test_" + "x" * 200})
    assert "sk_test_" + "x" * 200 in run("keys", "create", "backend").stdout.splitlines()
    assert stub.asked[0].json == {"name": "backend"}


def test_revoking_asks_for_just_this_key(run: Run, stub: Stub) -> None:
    stub.answer(200, KEY)
    assert run("keys", "revoke", "../customers").exit_code == 0
    assert (stub.asked[0].method, stub.asked[0].path) == ("DELETE", "/v1/api-keys/..%2Fcustomers")


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("2026-05-01", "2026-05-01T00:00:00+00:00"),
        ("2026-05-01T00:00:00+02:00", "2026-04-30T22:00:00+00:00"),
        ("2026-05-01T00:00:00Z", "2026-05-01T00:00:00+00:00"),
    ],
)
def test_bill_as_of(run: Run, stub: Stub, given: str, sent: str) -> None:
    stub.answer(200, RUN)
    result = run("bill", "--as-of", given, "--no-finalize")
    assert (result.exit_code, result.stdout) == (0, "run_1 completed: 3 invoices made, 2 finalized.\n")
    assert stub.asked[0].json == {"as_of": sent, "finalize": False}
    assert stub.asked[0].headers["Idempotency-Key"]


@pytest.mark.parametrize("given", ["tomorrow", "2026-02-30", "2026-05-01T00:00:00"])
def test_bill_as_of_what_is_no_instant(run: Run, stub: Stub, given: str) -> None:
    result = run("bill", "--as-of", given)
    assert (result.exit_code, stub.asked) == (2, [])


def test_a_failed_check_is_exit_code_1(run: Run, stub: Stub) -> None:
    results = [{"name": "invoices", "ok": True, "detail": "9 invoices add up"}]
    results += [{"name": "isolation", "ok": False, "detail": "no row-level security on customers"}]
    stub.answer(200, {"data": results})
    failed = run("check", "--url", stub.url)
    assert failed.exit_code == 1
    assert failed.stdout == "✓ invoices: 9 invoices add up\n✗ isolation: no row-level security on customers\n"
    assert json.loads(run("check", "--url", stub.url, "--json").stdout) == results


def test_a_check_makes_no_installation_where_there_is_none(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("JUSTPAID_URL")
    result = run("check", "--data-dir", str(tmp_path / "none"))
    assert (result.exit_code, list(tmp_path.iterdir())) == (2, [])
