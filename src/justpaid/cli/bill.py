"""`justpaid bill`."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import uuid4

import typer

from justpaid.cli.failures import FAILED, USAGE, CommandFailed
from justpaid.cli.options import ApiKey, Json, Url, connect
from justpaid.cli.output import answers, errors, print_json

_HELP = "Bill every period that ended by then: a date (midnight UTC) or an instant such as 2026-05-01T00:00:00+02:00."


def bill(
    as_of: Annotated[str | None, typer.Option(help=_HELP, show_default="now")] = None,
    finalize: Annotated[
        bool, typer.Option("--finalize/--no-finalize", help="Issue the invoices, or leave them as drafts.")
    ] = True,
    url: Url = None,
    api_key: ApiKey = None,
    json: Json = False,
) -> None:
    """Make the invoices of all periods that have ended. Safe to repeat."""
    body: dict[str, Any] = {"finalize": finalize, "as_of": read_instant(as_of, "--as-of", _HELP)}
    with connect(url, api_key) as client, errors().status("Billing …"):
        run = client.request("POST", "/v1/billing-runs", json=body, headers={"Idempotency-Key": str(uuid4())})
    if json:
        print_json(run)
    else:
        answers().print(
            f"{run['id']} {run['status']}: {run['invoices_created']} invoices made, "
            f"{run['invoices_finalized']} finalized."
        )
    if run["status"] == "failed":
        raise CommandFailed("The billing run failed; the server's log says why. It is safe to run it again.", FAILED)


def read_instant(text: str | None, option: str, help: str = "Write 2026-05-01, or 2026-05-01T00:00:00+02:00.") -> str:
    """RFC 3339 in UTC; now, where there is no `text`.

    Raises: CommandFailed for what is no date and no instant with an offset.
    """
    if text is None:
        return datetime.now(UTC).isoformat()
    try:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC).isoformat()
    except ValueError:
        pass  # not a date alone
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise CommandFailed(f"{option}: {text!r} is no date and no instant. {help}", USAGE) from None
    if instant.tzinfo is None:
        raise CommandFailed(f"{option}: {text!r} has no offset; end it with Z or +02:00.", USAGE)
    return instant.astimezone(UTC).isoformat()
