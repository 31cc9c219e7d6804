"""`justpaid serve`."""

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

from justpaid import __version__
from justpaid.cli.output import answers
from justpaid.platform.settings import Settings, load_settings
from justpaid.platform.telemetry import configure_logging

if TYPE_CHECKING:
    from justpaid.installation import Installation

DataDir = Annotated[
    Path | None,
    typer.Option(help="The folder of all data.", show_default="$JUSTPAID_DATA_DIR or ~/.local/share/justpaid"),
]
Host = Annotated[str | None, typer.Option(help="The address to listen on.", show_default="$JUSTPAID_HOST or 127.0.0.1")]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="The port; 0 takes any free one.", show_default="$JUSTPAID_PORT or 8787"),
]

log = structlog.get_logger(__name__)


def serve(data_dir: DataDir = None, host: Host = None, port: Port = None) -> None:
    """Start the server, with all its engines. Ctrl-C stops it; the next start continues with the same data."""
    settings = load_settings(data_dir=data_dir, host=host)
    configure_logging(settings.log_level, settings.log_format)
    started(settings)
    gc.disable()  # what is imported stays: looking for garbage among it takes half a second; the server turns it on
    from justpaid.server import Hooks
    from justpaid.server import serve as run

    run(settings, Hooks(on_ready=announce), port=port)
    stopped(settings)


def started(settings: Settings) -> None:
    if sys.stdout.isatty():
        answers().print(f"[dim]JustPaid {__version__} is starting over {settings.data_dir} …[/dim]")


def stopped(settings: Settings) -> None:
    if sys.stdout.isatty():
        answers().print(f"[dim]Stopped. The data stays in {settings.data_dir}.[/dim]")


def announce(address: str, installation: "Installation", *, set_up: bool = True) -> None:
    """Where the server is and what to do first: for people on a terminal, else in the log.

    While there is no user, and with `set_up`, that is the address at which the first one makes it theirs.
    """
    settings = installation.settings
    hint = _key_hint(installation)
    set_up_at = _set_up_address(address, installation) if set_up else None
    if not sys.stdout.isatty():
        if set_up_at is not None:
            log.info("set_up_needed", open=set_up_at, why="whoever opens it first owns this installation")
        log.info("ready", address=address, data_dir=str(settings.data_dir), key=hint, version=__version__)
        return
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column()
    grid.add_row("address", Text(address, style="bold cyan"))
    grid.add_row("data", str(settings.data_dir))
    grid.add_row("API key", hint)
    if set_up_at is not None:
        grid.add_row("set up", Text(set_up_at, style="bold cyan", overflow="fold"))
    grid.add_row("API", Text(f"{address}/openapi.json", style="cyan"))
    answers().print(
        Panel(grid, title=f"[bold green]JustPaid {__version__} is ready[/]", title_align="left", expand=False)
    )
    answers().print("[dim]Ctrl-C stops it.[/dim]")


def _set_up_address(address: str, installation: "Installation") -> str | None:
    """With the code that a browser on another machine needs. It is as good as a password until there is a user, and
    nothing after that."""
    from justpaid import accounts

    with installation.database.system() as session:
        code = accounts.issue_set_up_code(session, installation.clock.now())
    return None if code is None else f"{address}/setup#code={code}"


def _key_hint(installation: "Installation") -> str:
    """Never the key itself: logs are kept."""
    from justpaid import accounts

    if (key := installation.settings.bootstrap_api_key) is not None:
        secret = key.get_secret_value()
        return f"{secret[:8]}…{secret[-4:]}, from JUSTPAID_BOOTSTRAP_API_KEY"
    with installation.database.system() as session:
        if accounts.list_keys(session, limit=1):
            return "any that was issued; justpaid keys list shows them"
    return "none yet: restart with JUSTPAID_BOOTSTRAP_API_KEY=sk_test_$(openssl rand -hex 16)"
