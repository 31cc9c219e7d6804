"""`justpaid users`, beside a running server and without one; and what a first start says."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.people import PASSWORD
from tests.support.server import Server, clean_environment


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "data").until_ready()
    yield server
    server.process.kill()
    server.process.communicate()


def users(data_dir: Path, *arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", "from justpaid.cli import main; main()", "users", *arguments, "--json"],
        env=clean_environment() | {"JUSTPAID_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return json.loads(done.stdout) if done.returncode == 0 else (done.returncode, done.stderr)


def follow(address: str, link: str) -> Any:
    return httpx.post(f"{address}/v1/auth/link", json={"token": link.partition("#token=")[2]}, timeout=30)


def test_people_are_added_and_let_in(server: Server) -> None:
    (told,) = [line for line in server.log if line["event"] == "set_up_needed"]
    address, _, code = told["open"].partition("/setup#code=")
    assert address == server.address
    assert len(code) > 40

    first = users(server.data_dir, "add", "Ann@acme.example", "--name", "Ann")
    assert first["email"] == "ann@acme.example"
    session = follow(server.address, first["link"]).json()
    assert session["user"]["name"] == "Ann"
    assert [(one["mode"], one["role"]) for one in session["organisations"]] == [("live", "owner"), ("test", "owner")]
    assert follow(server.address, first["link"]).status_code == 401

    users(server.data_dir, "add", "bob@acme.example", "--role", "finance")
    again = users(server.data_dir, "link", "bob@acme.example", "--url", "https://bill.acme.example/")
    assert again["link"].startswith("https://bill.acme.example/sign-in#token=")
    assert follow(server.address, again["link"]).json()["organisation"]["role"] == "finance"
    # There is a user, so the code opens nothing any more.
    body = {"name": "Eve", "email": "eve@acme.example", "password": PASSWORD, "code": code}
    assert httpx.post(f"{server.address}/v1/auth/setup", json=body, timeout=30).status_code == 409

    server.signal(signal.SIGINT)
    assert server.ended()[0] == 0
    listed = users(server.data_dir, "list")
    assert [(one["email"], one["has_password"]) for one in listed] == [
        ("ann@acme.example", False),
        ("bob@acme.example", False),
    ]
    code_, said = users(server.data_dir, "link", "nobody@acme.example")
    assert (code_, "There is no user nobody@acme.example" in said) == (1, True)


def test_without_an_installation_it_says_where_it_looked(tmp_path: Path) -> None:
    code, said = users(tmp_path / "nowhere", "list")
    assert code == 2
    assert str(tmp_path / "nowhere") in said.replace("\n", "")
    assert not (tmp_path / "nowhere").exists()
