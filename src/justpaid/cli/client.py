"""The running server, over HTTP: its answers as data, its refusals and its absence as failures of the command."""

import re
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Final, Self

import httpx

from justpaid.cli.failures import FAILED, REFUSED, UNREACHABLE, USAGE, CommandFailed
from justpaid.kernel.errors import FieldError

_ADDRESS: Final = re.compile(r"https?://[^\s/]+\S*")
_CONNECT_S: Final = 5.0
_ANSWER_S: Final = 600.0  # a billing run over many subscriptions answers when it is done


class ApiClient:
    """One connection pool. `retry_after_s` of the last refusal is in its `Refused`."""

    def __init__(self, url: str, api_key: str | None, *, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        timeout = httpx.Timeout(_ANSWER_S, connect=_CONNECT_S)
        if not _ADDRESS.fullmatch(url):
            raise CommandFailed(f"{url!r} is no address of a server; write one like http://127.0.0.1:8787.", USAGE)
        # The environment's proxies are for the internet, not for a server of one's own.
        self._http = httpx.Client(
            base_url=self.url, headers=headers, timeout=timeout, trust_env=False, transport=transport
        )

    def request(self, method: str, path: str, **more: Any) -> Any:
        """The answer's JSON.  Raises: Unreachable, Refused."""
        answer = self._ask(lambda: self._http.request(method, path, **more))
        if answer.is_error:
            raise Refused(answer)
        try:
            return answer.json()
        except ValueError:
            raise CommandFailed(f"{self.url} does not answer like a JustPaid server; check the address.") from None

    def content(self, path: str) -> bytes:
        """The answer as it is.  Raises: Unreachable, Refused."""
        answer = self._ask(lambda: self._http.request("GET", path))
        if answer.is_error:
            raise Refused(answer)
        return answer.content

    def pages(self, path: str) -> Iterator[Any]:
        """Every entry of a list."""
        cursor: str | None = None
        while True:
            page = self.request("GET", path, params={"limit": 100} | ({"cursor": cursor} if cursor else {}))
            yield from page["data"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def lines(self, path: str, params: dict[str, str], silence_s: float) -> Iterator[str]:
        """The lines of an answer that does not end.  Raises: Unreachable when it breaks off, Refused."""
        try:
            timeout = httpx.Timeout(silence_s, connect=_CONNECT_S)
            with self._http.stream("GET", path, params=params, timeout=timeout) as answer:
                if answer.is_error:
                    answer.read()
                    raise Refused(answer)
                yield from answer.iter_lines()
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise Unreachable(self.url, error) from error

    def _ask(self, send: Callable[[], httpx.Response]) -> httpx.Response:
        try:
            return send()
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise Unreachable(self.url, error) from error

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class Unreachable(CommandFailed):
    def __init__(self, url: str, error: Exception) -> None:
        reason = str(error) or type(error).__name__
        super().__init__(
            f"The server at {url} can't be reached: {reason}. Start it with `justpaid serve`, or give its address by "
            "--url or JUSTPAID_URL.",
            UNREACHABLE,
        )


class Refused(CommandFailed):
    """A problem document. `retry_after_s` is set where a retry may succeed."""

    def __init__(self, answer: httpx.Response) -> None:
        try:
            problem = answer.json()
            fields = [FieldError(one["field"], one["message"]) for one in problem.get("errors", ())]
            message = problem["detail"]
        except (ValueError, KeyError, TypeError, AttributeError):
            fields, message = [], f"{answer.request.url} answered {answer.status_code} {answer.reason_phrase}."
        super().__init__(message, _exit_code(answer.status_code), fields=fields)
        self.status = answer.status_code
        self.retry_after_s = _seconds(answer.headers.get("retry-after")) if answer.status_code in (429, 503) else None


def _exit_code(status: int) -> int:
    if status in (401, 403):
        return REFUSED
    return UNREACHABLE if status in (502, 503, 504) else FAILED


def _seconds(header: str | None) -> float:
    try:
        return max(0.0, float(header or 1))
    except ValueError:
        return 1.0
