"""`justpaid explain`."""

from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from justpaid.cli.options import ApiKey, Json, Url, connect
from justpaid.cli.output import answers, print_json


def explain(
    invoice: Annotated[str, typer.Argument(help="Number or id, such as INV-000001.")],
    line: Annotated[int, typer.Argument(help="The line's place on the invoice, from 1.", min=1)],
    url: Url = None,
    api_key: ApiKey = None,
    json: Json = False,
) -> None:
    """Show how a line of an invoice came about: usage, price, steps, rounding, discounts and tax."""
    with connect(url, api_key) as client:
        told = client.request("GET", f"/v1/invoices/{quote(invoice, safe='')}/lines/{line}/explain")
    if json:
        print_json(told)
    else:
        _show(answers(), told)


def _show(console: Console, told: dict[str, Any]) -> None:
    """Names and descriptions are clients' text: shown as it is, never as markup."""
    line, currency = told["line"], told["currency"]
    title = f"{told['invoice_number'] or told['invoice_id']}, line {told['position']}: {line['description']}"
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(told):
        facts.add_row(name, Text(value))
    console.print(Text(title, style="bold"))
    console.print(facts)
    steps = Table("Step", box=None, pad_edge=False)
    for heading in ("Quantity", "Rate", f"Amount ({currency})"):
        steps.add_column(heading, justify="right")
    for step in line["steps"]:
        steps.add_row(Text(step["description"]), step["quantity"], step["unit_amount"], step["amount"])
    for name, amount in _totals(told):
        steps.add_row(Text(name), "", "", amount)
    console.print(steps)


def _facts(told: dict[str, Any]) -> list[tuple[str, str]]:
    line, metered, proration = told["line"], told["metered"], told["proration"]
    facts = [
        ("Origin", told["origin"].replace("_", " ")),
        ("Period", f"{line['period_start']} to {line['period_end']}"),
    ]
    if told["price"]:
        facts.append(("Price", f"{told['price']['key']} ({told['price']['model']})"))
    if metered:
        of = f" of {metered['property']}" if metered["property"] else ""
        facts.append(("Meter", f"{metered['meter']}: {metered['aggregation']}{of} over {metered['event']} events"))
        facts += [("Filter", f"{f['property']} {f['operator']} {', '.join(f['values'])}") for f in metered["filters"]]
        facts.append(("Counted", f"below sequence {metered['counted']['cutoff']}"))
    facts.append(("Quantity", line["quantity"]))
    facts += [("", f"{group['quantity']} {group['label']}") for group in line["groups"]]
    if proration:
        whole = f"{proration['full_period_start']} to {proration['full_period_end']}"
        facts.append(("Share", f"{proration['share']} of {whole}"))
    if metered:
        facts.append(("Events", metered["events_url"]))
    return facts


def _totals(told: dict[str, Any]) -> list[tuple[str, str]]:
    line = told["line"]
    totals = [(f"Rounded to {told['rounding']['places']} places", line["amount"])]
    totals += [(f"Discount {one['name']}", f"-{one['amount']}") for one in told["discounts"]]
    totals += [
        (f"{tax['name']} {tax['percent']}%{' contained' if tax['inclusive'] else ''}", tax["amount"])
        for tax in line["taxes"]
    ]
    return [*totals, ("Total", told["total"])]
