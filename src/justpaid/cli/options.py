"""Options that several commands share."""

from typing import Annotated

import typer

from justpaid.cli.client import ApiClient
from justpaid.cli.failures import REFUSED, CommandFailed
from justpaid.platform.settings import load_settings

Url = Annotated[
    str | None,
    typer.Option(
        envvar="JUSTPAID_URL",
        help="The server's address.",
        show_default="http://127.0.0.1:$JUSTPAID_PORT",
        rich_help_panel="Connection",
    ),
]
ApiKey = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        envvar=["JUSTPAID_API_KEY", "JUSTPAID_BOOTSTRAP_API_KEY"],
        help="The key to act with, sk_test_… or sk_live_….",
        rich_help_panel="Connection",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def connect(url: str | None, api_key: str | None) -> ApiClient:
    """A client of the running server.  Raises: CommandFailed without a key."""
    if not api_key:
        raise CommandFailed(
            "There is no API key. Set JUSTPAID_API_KEY, or give --api-key; the server's first one is its "
            "JUSTPAID_BOOTSTRAP_API_KEY.",
            REFUSED,
        )
    return ApiClient(url or default_url(), api_key)


def default_url() -> str:
    return f"http://127.0.0.1:{load_settings().port}"
