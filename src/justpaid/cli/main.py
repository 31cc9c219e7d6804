"""All commands in one application. Each command imports what it needs when it runs, so that help is quick."""

import typer

from justpaid.cli import backtest, bill, check, demo, explain, keys, plans, serve, storage, tail, users, version
from justpaid.cli.failures import Group
from justpaid.cli.imports import import_csv
from justpaid.cli.send import send

_EPILOG = """
[bold]See it alive[/bold]: [cyan]justpaid demo[/cyan]

[bold]Start for real[/bold]: [cyan]export JUSTPAID_BOOTSTRAP_API_KEY=sk_test_$(openssl rand -hex 16)[/cyan]

and then [cyan]justpaid serve[/cyan]. Settings are environment variables; options go before them.

[bold]Exit codes[/bold]: 0 done, 1 what was asked for failed, 2 usage or settings, 3 server or engine
not reachable, 4 API key refused, 130 interrupted
"""

app = typer.Typer(
    cls=Group,
    name="justpaid",
    help="Usage-based billing: usage events in, revenue out.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
events = typer.Typer(cls=Group, help="Send or import usage events, or watch them arrive.", no_args_is_help=True)
events.command("send")(send)
events.command("import")(import_csv)
events.command("tail")(tail.tail)

_RUN, _WORK = "Run an installation", "Work with a running server"
app.command(rich_help_panel=_RUN)(serve.serve)
app.command(rich_help_panel=_RUN)(demo.demo)
app.command(rich_help_panel=_RUN)(check.check)
app.add_typer(users.app, name="users", rich_help_panel=_RUN)
app.command(rich_help_panel=_RUN)(version.version)
app.add_typer(events, name="events", rich_help_panel=_WORK)
app.command(rich_help_panel=_WORK)(bill.bill)
app.command(rich_help_panel=_WORK)(backtest.backtest)
app.command(rich_help_panel=_WORK)(explain.explain)
app.command(rich_help_panel=_WORK)(storage.storage)
app.add_typer(plans.app, name="plans", rich_help_panel=_WORK)
app.add_typer(keys.app, name="keys", rich_help_panel=_WORK)


def main() -> None:
    """The entry point of the `justpaid` command."""
    app()
