"""`justpaid storage`."""

from typing import Any

from rich.table import Table

from justpaid.cli.options import ApiKey, Json, Url, connect
from justpaid.cli.output import answers, print_json


def storage(url: Url = None, api_key: ApiKey = None, json: Json = False) -> None:
    """Show what each store takes on disk, and how much that is for an event."""
    with connect(url, api_key) as client:
        told = client.request("GET", "/v1/storage")
    if json:
        print_json(told)
    else:
        answers().print(_table(told))


def _table(told: dict[str, Any]) -> Table:
    table = Table(box=None, padding=(0, 2), show_footer=True)
    table.add_column("store", footer="all")
    table.add_column("rows", justify="right", footer=f"{told['events']:,} events")
    table.add_column("MB", justify="right", footer=_megabytes(told["bytes"]))
    table.add_column("bytes an event", justify="right", footer=told["bytes_per_event"] or "")
    for store in told["data"]:
        rows = "" if store["rows"] is None else f"{store['rows']:,}"
        table.add_row(store["store"], rows, _megabytes(store["bytes"]), store["bytes_per_event"] or "")
    return table


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f}"
