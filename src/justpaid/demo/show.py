"""What the demo prints: tables on a terminal, plain lines elsewhere."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from justpaid.demo.cast import COMPANY
from justpaid.demo.client import Json
from justpaid.demo.figures import money, number, period


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    number: str
    customer: str
    plan: str
    period: str
    total: str


@dataclass(frozen=True, slots=True)
class EstimateRow:
    """`so_far` is what the invoice would be now, `projected` at the period's end."""

    customer: str
    plan: str
    period: str
    so_far: str
    projected: str


class Screen:
    """One place that knows whether a person watches (colours, boxes, progress) or a log does (lines)."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.is_terminal = console.is_terminal

    def opening(self, calls: int) -> None:
        self.line()
        self.line(f"[bold]{COMPANY}[/] sells code completion and chat, and bills its customers with JustPaid.")
        self.line(
            f"Its usage is a recording of {calls:,} real LLM calls, placed over last month and this one.", dim=True
        )
        self.line()

    def done(self, text: str) -> None:
        self.line(f"[green]✓[/] {text}" if self.is_terminal else text)

    def line(self, text: str = "", *, dim: bool = False) -> None:
        """`text` may hold rich markup. Long lines are left to the terminal, so that they can be copied whole."""
        self.console.print(f"[dim]{text}[/]" if dim else text, soft_wrap=True, highlight=False)

    @contextmanager
    def progress(self, text: str, total: int) -> Iterator[Callable[[int], None]]:
        columns = (
            TextColumn("  {task.description}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self.console, transient=True, disable=not self.is_terminal) as bar:
            task = bar.add_task(text, total=total)
            yield lambda count: bar.update(task, advance=count)

    def invoices(self, rows: Sequence[InvoiceRow]) -> None:
        table = _table("Invoices issued", "Number", "Customer", "Plan", "Period", "Total")
        for row in rows:
            table.add_row(row.number, row.customer, row.plan, row.period, row.total)
        self.table(table, [f"{r.number}  {r.customer}, {r.plan}, {r.period}: {r.total}" for r in rows])

    def estimates(self, rows: Sequence[EstimateRow]) -> None:
        lines = [
            f"{r.customer}, {r.plan}, {r.period}: {r.so_far} so far, {r.projected} at the period's end" for r in rows
        ]
        self.table(estimates_table(rows), lines)

    def arithmetic(self, invoice: Json, customer: str) -> None:
        """One invoice opened down to its steps: where the money came from."""
        currency = invoice["currency"]
        table = _table(f"How {invoice['number']} of {customer} adds up", "Line", "Quantity", "Rate", "Amount")
        lines = []
        for line in invoice["lines"]:
            title, amount = _line_title(line, invoice), money(line["amount"], currency)
            table.add_row(f"[bold]{escape(title)}[/]", "", "", f"[bold]{amount}[/]")
            lines.append(f"{title}: {amount}")
            for step in line["steps"]:
                quantity, rate, amount = (_grouped(step[name]) for name in ("quantity", "unit_amount", "amount"))
                table.add_row(f"  {escape(step['description'])}", quantity, rate, amount, style="dim")
                lines.append(f"  {step['description']}: {quantity} × {rate} = {amount}")
        table.add_section()
        total = money(invoice["total"], currency)
        table.add_row("Total, the sum of the rounded lines", "", "", f"[bold]{total}[/]")
        self.table(table, [*lines, f"Total, the sum of the rounded lines: {total}"])

    def table(self, table: Table, lines: Sequence[str]) -> None:
        self.line()
        if self.is_terminal:
            self.console.print(table)
            return
        self.line(f"{table.title}:")
        for text in lines:
            self.line(f"  {escape(text)}")


def estimates_table(rows: Sequence[EstimateRow]) -> Table:
    table = _table("Running periods", "Customer", "Plan", "Period", "So far", "At its end")
    for row in rows:
        table.add_row(row.customer, row.plan, row.period, row.so_far, row.projected)
    return table


def _table(title: str, *columns: str) -> Table:
    """Figures stand to the right and are never cut or broken; texts wrap where the terminal is narrow."""
    figures = {"Quantity", "Rate", "Amount", "Total", "So far", "At its end"}
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        header_style="dim",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
    )
    for name in columns:
        is_figure = name in figures
        table.add_column(name, justify="right" if is_figure else "left", no_wrap=is_figure)
    return table


def _line_title(line: Json, invoice: Json) -> str:
    """A line of another period than its invoice's, such as a fee in advance, says of which."""
    if (line["period_start"], line["period_end"]) == (invoice["period_start"], invoice["period_end"]):
        return str(line["description"])
    return f"{line['description']}, {period(line['period_start'], line['period_end'], invoice['timezone'])}"


def _grouped(value: str | None) -> str:
    return "" if value is None else number(value)
