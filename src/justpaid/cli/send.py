"""`justpaid events send`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from justpaid.cli.client import ApiClient
from justpaid.cli.event_file import FileEvent, read_file, with_id
from justpaid.cli.failures import FAILED, USAGE, CommandFailed
from justpaid.cli.options import ApiKey, Json, Url, connect
from justpaid.cli.output import answers, errors, print_json
from justpaid.cli.retries import patiently


@dataclass
class Totals:
    """The receipts of all requests, added up. `errors` name the place in the file, from 1."""

    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    rejected: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)

    def add(self, receipt: dict[str, Any], sent: list[FileEvent]) -> list[dict[str, Any]]:
        """Gives the errors of this receipt."""
        for name in ("accepted", "duplicates", "conflicts", "rejected"):
            setattr(self, name, getattr(self, name) + receipt[name])
        told = [
            {"place": sent[error["index"]].place} | {name: error.get(name) for name in ("id", "code", "message")}
            for error in receipt["errors"]
        ]
        self.errors += told
        return told


def send(
    file: Annotated[str, typer.Argument(help="NDJSON, a JSON array, or one event; - reads standard input.")],
    batch: Annotated[int, typer.Option(min=1, max=50_000, help="Events in one request.")] = 1000,
    skip: Annotated[int, typer.Option(min=0, help="Leave out this many events at the beginning.")] = 0,
    retries: Annotated[int, typer.Option(min=0, help="How often a request is repeated when the server is busy.")] = 6,
    url: Url = None,
    api_key: ApiKey = None,
    json: Json = False,
) -> None:
    """Send the usage events of a file, and print what became of them.

    Events without an id get one, so that a repeated request counts once. Exit code 1 if any event was refused.
    """
    totals = Totals()
    taken = skip
    try:
        with connect(url, api_key) as client, _opened(file) as source, _progress() as progress:
            events = map(with_id, islice(read_file(source), skip, None))
            task = progress.add_task("sending", total=None)
            while chunk := list(islice(events, batch)):
                receipt = patiently(partial(_post, client, chunk), retries)
                taken += len(chunk)
                progress.update(task, completed=taken - skip)
                told = totals.add(receipt, chunk)
                if not json:
                    _print_errors(told)
    except CommandFailed as failure:
        if taken > skip:
            _print_totals(totals, json)
            failure.message += f" {taken} events were sent before; continue with --skip {taken}."
        raise
    _print_totals(totals, json)
    if totals.conflicts or totals.rejected:
        raise CommandFailed(f"{totals.conflicts + totals.rejected} events were not taken.", FAILED)


def _post(client: ApiClient, chunk: list[FileEvent]) -> dict[str, Any]:
    receipt: dict[str, Any] = client.request(
        "POST",
        "/v1/events",
        content=b"\n".join(event.raw for event in chunk),
        headers={"Content-Type": "application/x-ndjson"},
    )
    return receipt


@contextmanager
def _opened(file: str) -> Iterator[IO[bytes]]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as opened:
            yield opened
    except OSError as error:
        raise CommandFailed(f"{file} can't be read: {error.strerror}.", USAGE) from None


def _progress() -> Progress:
    console = errors()
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("events"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _print_errors(told: list[dict[str, Any]]) -> None:
    console = errors()
    for error in told:
        where = error["place"] + (f" ({error['id']})" if error["id"] else "")
        console.print(
            Text.assemble((where, "bold"), ": ", (error["code"], "red"), f": {error['message']}"), soft_wrap=True
        )


def _print_totals(totals: Totals, json: bool) -> None:
    if json:
        print_json(vars(totals))
        return
    counts = [f"{totals.accepted} accepted", f"{totals.duplicates} duplicates"]
    counts += [f"{totals.conflicts} conflicts", f"{totals.rejected} rejected"]
    answers().print(", ".join(counts))
