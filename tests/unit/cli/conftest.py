"""A server of canned answers, so that commands are tested over real HTTP."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from justpaid.cli import app


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Stub:
    """Answers requests with `answers`, in order; the last one stays."""

    answers: deque[tuple[int, dict[str, str], bytes]] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def answer(self, status: int, body: Any, **headers: str) -> "Stub":
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers.append((status, {name.replace("_", "-"): value for name, value in headers.items()}, content))
        return self

    def problem(self, status: int, detail: str, errors: list[dict[str, str]] | None = None, **headers: str) -> "Stub":
        return self.answer(status, {"code": "x", "detail": detail, "errors": errors or []}, **headers)


@pytest.fixture
def stub() -> Iterator[Stub]:
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            stub.asked.append(Asked(self.command, self.path, dict(self.headers), body))
            status, headers, content = stub.answers.popleft() if len(stub.answers) > 1 else stub.answers[0]
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = handle_any  # noqa: N815

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield stub
    server.shutdown()
    thread.join()
    server.server_close()


Run = Callable[..., Result]


@pytest.fixture
def run(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `justpaid …` against the stub."""
    for name in ("JUSTPAID_DATA_DIR", "JUSTPAID_PORT", "JUSTPAID_BOOTSTRAP_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JUSTPAID_API_KEY", "sk_test_stub")
    monkeypatch.setenv("JUSTPAID_URL", stub.url)

    def run(*arguments: str, input: bytes | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=input)

    return run
