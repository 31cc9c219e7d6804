"""`justpaid events import`."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated, Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from justpaid.cli.client import ApiClient
from justpaid.cli.failures import FAILED, USAGE, CommandFailed
from justpaid.cli.options import ApiKey, Json, Url, connect
from justpaid.cli.output import answers, errors, print_json

_PIECE: Final = 1 << 20
_POLL_S: Final = 0.5
_COUNTS: Final = ("accepted", "duplicates", "conflicts", "rejected")


def import_csv(
    file: Annotated[Path, typer.Argument(help="A CSV file whose first row names the columns.")],
    map: Annotated[
        list[str] | None,
        typer.Option(
            help="field=column: id, customer_id, event, timestamp, quantity or properties.NAME.", metavar="F=C"
        ),
    ] = None,
    set: Annotated[
        list[str] | None,
        typer.Option(help="field=value, the same for all rows, such as event=api_call.", metavar="F=V"),
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="IANA zone of timestamps that have no offset.")] = None,
    only: Annotated[bool, typer.Option("--only", help="Map nothing but what --map names.")] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show the first rows as events, and import nothing.")
    ] = False,
    rejected: Annotated[
        Path | None, typer.Option(help="Where rows that were not taken go.", show_default="FILE.rejected.csv")
    ] = None,
    url: Url = None,
    api_key: ApiKey = None,
    json: Json = False,
) -> None:
    """Import the usage events of a CSV file. The same file, imported again, counts nothing twice.

    Columns that --map does not name are mapped by their names, and else become properties. Exit code 1 if any row was
    not taken.
    """
    with connect(url, api_key) as client:
        made = _uploaded(client, file)
        mapping = _mapping(made["suggested_mapping"], map or [], set or [], timezone, only=only)
        if preview:
            rows = client.request("POST", f"/v1/imports/{made['id']}/preview", json={"mapping": mapping})["data"]
            if json:
                print_json({"mapping": mapping, "rows": rows})
            else:
                _show(mapping, rows)
            return
        client.request("POST", f"/v1/imports/{made['id']}/start", json={"mapping": mapping})
        done = _followed(client, made)
        if done["conflicts"] or done["rejected"]:
            _save(client, done, rejected or file.with_suffix(".rejected.csv"))
    if json:
        print_json(done)
    else:
        answers().print(", ".join(f"{done[name]} {name}" for name in _COUNTS))
    if done["status"] == "failed":
        raise CommandFailed(done["error"], FAILED)
    if done["conflicts"] or done["rejected"]:
        raise CommandFailed(f"{done['conflicts'] + done['rejected']} rows were not taken.", FAILED)


def _uploaded(client: ApiClient, file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            made: dict[str, Any] = client.request(
                "POST",
                "/v1/imports",
                params={"filename": file.name},
                content=_pieces(opened),
                headers={"Content-Type": "text/csv", "Content-Length": str(file.stat().st_size)},
            )
    except OSError as error:
        raise CommandFailed(f"{file} can't be read: {error.strerror}.", USAGE) from None
    return made


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _mapping(
    suggested: dict[str, Any], maps: list[str], sets: list[str], timezone: str | None, *, only: bool
) -> dict[str, Any]:
    """What is given goes before what is suggested; a column that is given means nothing else."""
    columns, values = _pairs("--map", maps), _pairs("--set", sets)
    given = {*columns.values()}
    if not only:
        rest = suggested["columns"].items()
        free = {target: column for target, column in rest if target not in values and column not in given}
        columns = {**free, **columns}
    return {"columns": columns, "values": values, "timezone": timezone or suggested["timezone"]}


def _pairs(option: str, given: list[str]) -> dict[str, str]:
    pairs = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not (name and equals and value):
            raise CommandFailed(f"{option} {one!r} is no pair; write it as customer_id=account.", USAGE)
        pairs[name] = value
    return pairs


def _followed(client: ApiClient, made: dict[str, Any]) -> dict[str, Any]:
    console = errors()
    columns = (TextColumn("importing"), BarColumn(), MofNCompleteColumn(), TextColumn("rows"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("importing", total=made["rows"])
        while True:
            now: dict[str, Any] = client.request("GET", f"/v1/imports/{made['id']}")
            progress.update(task, completed=now["rows_done"])
            if now["status"] in ("completed", "failed"):
                return now
            time.sleep(_POLL_S)


def _save(client: ApiClient, done: dict[str, Any], path: Path) -> None:
    try:
        path.write_bytes(client.content(f"/v1/imports/{done['id']}/rejected.csv"))
    except OSError as error:
        raise CommandFailed(f"{path} can't be written: {error.strerror}.", FAILED) from None
    errors().print(Text(f"Rows that were not taken, with their reasons: {path}"), soft_wrap=True)


def _show(mapping: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    console = answers()
    for target, source in sorted(mapping["columns"].items()):
        console.print(Text.assemble((target, "bold"), f" ← column {source}"))
    for target, value in sorted(mapping["values"].items()):
        console.print(Text.assemble((target, "bold"), f" = {value}"))
    table = Table("row", "customer_id", "event", "timestamp", "quantity", "properties or what is wrong")
    for row in rows:
        event = row["event"]
        if event is None:
            table.add_row(str(row["row"]), "", "", "", "", Text(str(row["message"]), style="red"))
            continue
        properties = ", ".join(f"{name}={value}" for name, value in event.get("properties", {}).items())
        cells = [
            event["customer_id"],
            event["event"],
            str(event.get("timestamp", "now")),
            str(event.get("quantity", 1)),
        ]
        table.add_row(str(row["row"]), *map(Text, cells), Text(properties))
    console.print(table)
