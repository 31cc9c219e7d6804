"""`justpaid plans …`: the catalogue as a file that is kept with the code."""

from pathlib import Path
from typing import Annotated, Any, Final
from uuid import uuid4

import typer
from rich.text import Text

from justpaid.cli.failures import USAGE, CommandFailed, Group
from justpaid.cli.options import ApiKey, Json, Url, connect
from justpaid.cli.output import answers, print_json
from justpaid.cli.yaml_file import read_yaml, write_yaml

app = typer.Typer(cls=Group, help="Keep products and plans in a file.", no_args_is_help=True)

_PARTS: Final = ("products", "plans")
_SIGNS: Final = {"create": ("+", "green"), "new_version": ("~", "yellow"), "change": ("~", "yellow")}


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(help="A YAML file with products and plans.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    url: Url = None,
    api_key: ApiKey = None,
    json: Json = False,
) -> None:
    """Make products and plans what the file says: all of it, or nothing where anything is wrong.

    A plan gets a new version only where its terms differ. What the file does not name stays as it is.
    """
    document = _document(file)
    with connect(url, api_key) as client:
        applied = client.request(
            "POST",
            "/v1/catalog/apply",
            json={**document, "dry_run": dry_run},
            headers={"Idempotency-Key": str(uuid4())},
        )
    if json:
        print_json(applied)
    else:
        _show(applied["changes"], dry_run)


@app.command()
def export(url: Url = None, api_key: ApiKey = None, json: Json = False) -> None:
    """Print products and published plans as a file that `plans apply` takes."""
    with connect(url, api_key) as client:
        document = client.request("GET", "/v1/catalog")
    if json:
        print_json(document)
    else:
        typer.echo(write_yaml(document), nl=False)


def _document(file: Path) -> dict[str, Any]:
    """Raises: CommandFailed for what is no catalogue; what is in its parts is the server's to judge."""
    document = read_yaml(file)
    if not isinstance(document, dict) or not document:
        raise CommandFailed(f"{file} must have `products:` or `plans:` at its top.", USAGE)
    strange = [str(key) for key in document if key not in _PARTS]
    if strange:
        raise CommandFailed(f"{file}: {', '.join(strange)} is no part of a catalogue; products and plans are.", USAGE)
    return {part: entries for part, entries in document.items() if entries is not None}


def _show(changes: list[dict[str, Any]], dry_run: bool) -> None:
    console = answers()
    changed = [change for change in changes if change["action"] != "none"]
    for change in changed:
        sign, style = _SIGNS[change["action"]]
        console.print(Text(f"{sign} {_title(change)}", style=style), soft_wrap=True)
        for difference in change["differences"]:
            line = f"    {difference['path']}: {_figures(difference)}"
            console.print(Text(line, style="" if change["action"] == "create" else style), soft_wrap=True)
    same = len(changes) - len(changed)
    unchanged = f"{same} unchanged" if same else ""
    if not changed:
        console.print(f"Nothing to change: {unchanged or 'the file declares nothing'}.")
        return
    verb = "would change; this was a dry run" if dry_run else "changed"
    console.print(f"{len(changed)} {verb}{', ' + unchanged if unchanged else ''}.")


def _title(change: dict[str, Any]) -> str:
    title = f"{change['record']} {change['key']}"
    made = change["record"] == "plan" and change["action"] != "change"
    return f"{title} (version {change['version']})" if made else title


def _figures(difference: dict[str, Any]) -> str:
    before, after = difference["before"], difference["after"]
    if before is None:
        return _written(after)
    return f"{_written(before)} → {_written(after)}" if after is not None else f"{_written(before)} → (gone)"


def _written(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case dict():
            return "the same figures"
        case _:
            return str(value)
