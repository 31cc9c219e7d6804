"""`justpaid check`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from justpaid.cli.failures import FAILED, USAGE, CommandFailed
from justpaid.cli.options import ApiKey, Json, Url, connect, default_url
from justpaid.cli.output import answers, errors, print_json
from justpaid.platform.settings import Settings, load_settings
from justpaid.platform.telemetry import configure_logging


def check(
    data_dir: Annotated[
        Path | None, typer.Option(help="The folder of all data.", show_default="$JUSTPAID_DATA_DIR")
    ] = None,
    url: Url = None,
    api_key: ApiKey = None,
    json: Json = False,
) -> None:
    """Check that every event is counted once, every invoice adds up, and organisations are apart.

    Where a server runs over the data folder (or --url is given) it is asked, else the folder is opened. Exit code 1 if
    a check fails.
    """
    from justpaid.installation import is_held

    settings = load_settings(data_dir=data_dir)
    if url is not None or is_held(settings.data_dir):
        with connect(url or default_url(), api_key) as client, errors().status("Checking …"):
            results = client.request("GET", "/v1/checks")["data"]
    else:
        results = _of_folder(settings)
    if json:
        print_json(results)
    else:
        for result in results:
            _show(result)
    if failed := [result["name"] for result in results if not result["ok"]]:
        raise CommandFailed(f"{len(failed)} of {len(results)} checks failed: {', '.join(failed)}.", FAILED)


def _of_folder(settings: Settings) -> list[dict[str, Any]]:
    from justpaid.installation import open_installation, run_checks

    if not settings.data_dir.exists():
        raise CommandFailed(
            f"There is no installation in {settings.data_dir}. Give its folder by --data-dir or JUSTPAID_DATA_DIR, or "
            "its server's address by --url.",
            USAGE,
        )
    configure_logging("warning", settings.log_format)
    with errors().status("Checking …"), open_installation(settings) as installation:
        return [{"name": one.name, "ok": one.ok, "detail": one.detail} for one in run_checks(installation)]


def _show(result: dict[str, Any]) -> None:
    mark = ("✓ ", "green") if result["ok"] else ("✗ ", "bold red")
    answers().print(Text.assemble(mark, (result["name"], "bold"), f": {result['detail']}"), soft_wrap=True)
