"""`justpaid backtest`: what past usage would have come to under a draft."""

import time
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import uuid4

import typer
from rich.table import Table

from justpaid.cli.bill import read_instant
from justpaid.cli.client import ApiClient
from justpaid.cli.failures import FAILED, CommandFailed
from justpaid.cli.options import ApiKey, Json, Url, connect
from justpaid.cli.output import answers, errors, print_json

_POLL_S: Final = 0.3
_SHOWN: Final = 10


def backtest(
    plan: Annotated[str, typer.Option(help="The plan whose draft, or version, is tried.")],
    start: Annotated[str, typer.Option("--from", help="Where the first period begins: a date or an instant.")],
    end: Annotated[str, typer.Option("--to", help="Where the last one ends, at most 12 months later.")],
    version: Annotated[
        int | None, typer.Option(help="Which version.", show_default="the newest draft, else what is published")
    ] = None,
    of_plan: Annotated[str | None, typer.Option(help="Only subscriptions that have this plan now.")] = None,
    customer: Annotated[list[str] | None, typer.Option(help="Only this customer; may be repeated.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Also write every customer to this file.")] = None,
    url: Url = None,
    api_key: ApiKey = None,
    json: Json = False,
) -> None:
    """Price past usage again under another version of a plan: revenue before and after, winners and losers."""
    asked = {
        "plan": plan,
        "version": version,
        "from": read_instant(start, "--from"),
        "to": read_instant(end, "--to"),
        "of_plan": of_plan,
        "customers": customer or None,
    }
    with connect(url, api_key) as client:
        made = client.request("POST", "/v1/backtests", json=asked, headers={"Idempotency-Key": str(uuid4())})
        ended = _followed(client, made)
        if ended["status"] != "completed":
            raise CommandFailed(f"Backtest {ended['id']} {ended['status']}. {ended['error'] or ''}".strip(), FAILED)
        if csv is not None:
            csv.write_bytes(client.content(f"/v1/backtests/{ended['id']}/customers.csv"))
        if json:
            print_json(ended)
            return
        path = f"/v1/backtests/{ended['id']}/customers"
        hardest = client.request("GET", path, params={"sort": "-change", "limit": _SHOWN})["data"]
    _show(ended, hardest)
    if csv is not None:
        answers().print(f"{ended['customers_done']} customers in {csv}.")


def _followed(client: ApiClient, made: dict[str, Any]) -> dict[str, Any]:
    """Wait for its end, and show how far it is."""
    with errors().status("Waiting …") as status:
        while made["status"] in ("queued", "running"):
            time.sleep(_POLL_S)
            made = client.request("GET", f"/v1/backtests/{made['id']}")
            status.update(f"{made['customers_done']:,} of {made['customers_total']:,} customers")
    return made


def _show(ended: dict[str, Any], hardest: list[dict[str, Any]]) -> None:
    console = answers()
    for summary in ended["result"]:
        currency = summary["currency"]
        table = Table("", "before", "after", "change", "%", title=f"{ended['id']}: {currency}", title_justify="left")
        for month in summary["months"]:
            table.add_row(month["month"], *_figures(month))
        table.add_row("all", *_figures(summary), style="bold")
        for one in hardest:
            if one["currency"] == currency and one["problem"] is None:
                table.add_row(one["external_id"] or one["customer_id"], *_figures(one), style="dim")
        console.print(table)
        console.print(
            f"{summary['customers']} customers: {summary['winners']} pay less, {summary['losers']} more, "
            f"{summary['unchanged']} the same; {summary['not_priced']} could not be priced."
        )
    if not ended["result"]:
        console.print("No customer had a subscription in that time.")


def _figures(figures: dict[str, Any]) -> tuple[str, str, str, str]:
    percent = figures["change_percent"]
    return figures["before"], figures["after"], figures["change"], "–" if percent is None else percent
