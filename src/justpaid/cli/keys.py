"""`justpaid keys …`: the API keys of the organisation that the given key belongs to."""

from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.table import Table
from rich.text import Text

from justpaid.cli.failures import Group
from justpaid.cli.options import ApiKey, Json, Url, connect
from justpaid.cli.output import answers, print_json

app = typer.Typer(cls=Group, help="List, issue and revoke API keys.", no_args_is_help=True)


@app.command("list")
def list_keys(url: Url = None, api_key: ApiKey = None, json: Json = False) -> None:
    """List all keys, newest first, with revoked ones."""
    with connect(url, api_key) as client:
        keys = list(client.pages("/v1/api-keys"))
    if json:
        print_json(keys)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("id", "name", "ends in", "created", "state"):
        table.add_column(heading, no_wrap=heading == "id")
    for key in keys:
        table.add_row(key["id"], key["name"], key["hint"], _day(key["created_at"]), _state(key))
    answers().print(table)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for, such as backend.")],
    url: Url = None,
    api_key: ApiKey = None,
    json: Json = False,
) -> None:
    """Issue a key. Its secret is shown this once."""
    with connect(url, api_key) as client:
        key = client.request("POST", "/v1/api-keys", json={"name": name})
    if json:
        print_json(key)
        return
    console = answers()
    console.print(f"{key['id']} ({key['mode']} mode)")
    console.print(Text(key["secret"], style="bold"), soft_wrap=True)
    console.print("[dim]Copy it now: it is not kept and can't be shown again.[/dim]")


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, key_….")],
    url: Url = None,
    api_key: ApiKey = None,
    json: Json = False,
) -> None:
    """Stop a key for good."""
    with connect(url, api_key) as client:
        key = client.request("DELETE", f"/v1/api-keys/{quote(key_id, safe='')}")
    if json:
        print_json(key)
    else:
        answers().print(f"{key['id']} ({key['name']}) is revoked.")


def _day(instant: str) -> str:
    return instant[:16].replace("T", " ")


def _state(key: dict[str, Any]) -> Text:
    if key["revoked_at"]:
        return Text(f"revoked {_day(key['revoked_at'])}", style="red")
    return Text("active", style="green")
