"""`justpaid events tail`."""

import json as json_codec
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from zlib import crc32

import typer
from rich.console import Console
from rich.text import Text

from justpaid.cli.client import ApiClient, Refused, Unreachable
from justpaid.cli.failures import UNREACHABLE
from justpaid.cli.options import ApiKey, Json, Url, connect
from justpaid.cli.output import answers, errors
from justpaid.cli.retries import patiently

_SILENCE_S: Final = 60.0  # the server sends a sign of life every 15 s
_FIRST_SHOWN: Final = ("model", "tokens", "input_tokens", "output_tokens")
_COLOURS: Final = ("cyan", "green", "yellow", "magenta", "blue", "bright_cyan", "bright_green", "bright_magenta")


def tail(
    customer: Annotated[str | None, typer.Option(help="Only this customer's events.")] = None,
    event: Annotated[str | None, typer.Option(help="Only events of this name.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="End after this many events.")] = None,
    url: Url = None,
    api_key: ApiKey = None,
    json: Json = False,
) -> None:
    """Watch usage events as they are accepted, until Ctrl-C. With --json, an event a line."""
    asked = {"customer_id": customer, "event": event}
    params = {name: value for name, value in asked.items() if value is not None}
    with connect(url, api_key) as client:
        out = answers()
        shown = 0
        for kind, data in _frames(client, params):
            if kind == "lost":
                count = json_codec.loads(data)["count"]
                errors().print(f"[yellow]{count} events were left out: they came faster than they were read[/yellow]")
                continue
            # The server's own text: its numbers are exact, which a float would not be.
            print(data, flush=True) if json else show(out, json_codec.loads(data, parse_float=str))  # noqa: T201
            shown += 1
            if shown == limit:
                return


def _frames(client: ApiClient, params: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Frames for ever; a connection that broke is made again, one that was never made is a failure."""
    connected = False

    def lines() -> Iterator[str]:
        nonlocal connected
        for line in client.lines("/v1/events/stream", params, _SILENCE_S):
            connected = True
            yield line

    while True:
        try:
            yield from read_frames(lines())
        except (Refused, Unreachable) as failure:
            if not connected or failure.exit_code != UNREACHABLE:
                raise
        errors().print("[yellow]the connection ended; connecting again[/yellow]")
        patiently(lambda: client.request("GET", "/healthz"), retries=20)


def read_frames(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """(event, data) of each frame; comments and other fields are skipped.  Source: WHATWG HTML, server-sent events."""
    kind, data = "message", list[str]()
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                yield kind, "\n".join(data)
            kind, data = "message", []
        elif name == "event":
            kind = value
        elif name == "data":
            data.append(value)


def show(out: Console, event: dict[str, Any]) -> None:
    """One line: time, customer, event, quantity, and the properties that tell most."""
    customer = str(event["customer_id"])
    properties = event.get("properties") or {}
    names = [name for name in _FIRST_SHOWN if name in properties]
    names += [name for name in properties if name not in names]
    line = Text.assemble(
        (_time(event["timestamp"]), "dim"),
        "  ",
        (f"{customer:<20}", _COLOURS[crc32(customer.encode()) % len(_COLOURS)]),
        "  ",
        (f"{event['event']:<20}", "bold"),
        f" {event['quantity']!s:>8}  ",
    )
    for name in names:
        line.append(f"{name}=", "dim").append(f"{properties[name]}  ")
    line.rstrip()
    out.print(line, no_wrap=out.is_terminal, overflow="ellipsis", crop=out.is_terminal, soft_wrap=not out.is_terminal)


def _time(timestamp: Any) -> str:
    """The local time of day, with milliseconds. An integer is microseconds since 1970 UTC."""
    if isinstance(timestamp, int):
        instant = datetime.fromtimestamp(timestamp / 1_000_000, UTC)
    else:
        instant = datetime.fromisoformat(timestamp)
    return instant.astimezone().strftime("%H:%M:%S.%f")[:-3]
