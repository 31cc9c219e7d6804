"""`justpaid users …`: the people of an installation, for whoever runs it. Works on the data, beside its server."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.table import Table

from justpaid.cli.failures import USAGE, CommandFailed, Group
from justpaid.cli.options import Json, Url, default_url
from justpaid.cli.output import answers, errors, print_json
from justpaid.platform.settings import load_settings
from justpaid.platform.telemetry import configure_logging

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

app = typer.Typer(cls=Group, help="Add people, list them, and make links that sign them in.", no_args_is_help=True)

_ROLES: Final = ("owner", "admin", "finance", "developer", "viewer")

DataDir = Annotated[Path | None, typer.Option(help="The folder of all data.", show_default="$JUSTPAID_DATA_DIR")]
Email = Annotated[str, typer.Argument(help="The person's e-mail address.")]


@app.command()
def add(
    email: Email,
    name: Annotated[str | None, typer.Option(help="How others see them.", show_default="the address")] = None,
    role: Annotated[
        str | None, typer.Option(help=f"One of {', '.join(_ROLES)}.", show_default="owner, if the first, else viewer")
    ] = None,
    organisation: Annotated[
        str | None, typer.Option(help="An organisation's id; its twin in the other mode is joined too.")
    ] = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Make a user, or a user a member of one more organisation, and print a link that signs them in."""
    if role is not None and role not in _ROLES:
        raise CommandFailed(f"--role must be one of {', '.join(_ROLES)}.", USAGE)
    from justpaid import accounts

    now = datetime.now(UTC)
    with _records(data_dir) as session:
        is_first = accounts.needs_set_up(session)
        chosen: Any = role or ("owner" if is_first else "viewer")
        joined = organisation or _only_organisation(session)
        user = accounts.find_or_create_user(session, email, name or email)
        accounts.join_pair(session, accounts.find_organisation(session, joined).id, user, chosen, now)
        token, known = accounts.issue_sign_in_link(session, user.email, now, joined), user.email
    _tell_link(token, known, url, json)


@app.command()
def link(email: Email, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Print a link that signs a user in, once, within 15 minutes. Helps who forgot a password, or is locked out."""
    from justpaid import accounts

    with _records(data_dir) as session:
        known = accounts.normalised_email(email)
        token = accounts.issue_sign_in_link(session, known, datetime.now(UTC))
    _tell_link(token, known, url, json)


@app.command("list")
def list_users(data_dir: DataDir = None, json: Json = False) -> None:
    """List all users with their organisations and roles, oldest first."""
    from justpaid import accounts

    with _records(data_dir) as session:
        rows = [
            {
                "id": profile.user.id,
                "email": profile.user.email,
                "name": profile.user.name,
                "has_password": profile.user.password_hash is not None,
                "organisations": [
                    {"id": one.organisation_id, "name": one.name, "mode": one.mode, "role": one.role}
                    for one in profile.memberships
                ],
            }
            for profile in accounts.list_users(session)
        ]
    if json:
        print_json(rows)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("e-mail", "name", "organisations"):
        table.add_column(heading)
    for row in rows:
        table.add_row(row["email"], row["name"], ", ".join(_membership(one) for one in row["organisations"]))  # type: ignore[attr-defined, arg-type]
    answers().print(table)


@contextmanager
def _records(data_dir: Path | None) -> Iterator["Session"]:
    """A transaction that sees all of the installation.  Raises: CommandFailed where there is none."""
    from justpaid.installation import open_records

    settings = load_settings(data_dir=data_dir)
    configure_logging("warning", settings.log_format)
    if settings.database_url is None and not settings.data_dir.exists():
        raise CommandFailed(
            f"There is no installation in {settings.data_dir}. Start one with justpaid serve, or give its folder by "
            "--data-dir or JUSTPAID_DATA_DIR.",
            USAGE,
        )
    with errors().status("Opening …"), open_records(settings) as database, database.system() as session:
        yield session


def _only_organisation(session: "Session") -> str:
    """The one company's organisation in test mode, made if there is none.  Raises: CommandFailed if there are more."""
    from justpaid import accounts

    there = accounts.list_organisations(session)
    if not there:
        return accounts.create_organisation(session, load_settings().organisation_name or "My company").test.id
    if len({one.pair_id for one in there}) > 1:
        listed = "; ".join(f"{one.id} ({one.name}, {one.mode})" for one in there)
        raise CommandFailed(f"There are several organisations. Choose by --organisation: {listed}.", USAGE)
    return next(one.id for one in there if one.mode == "test")


def _tell_link(token: str, email: str, url: str | None, json: bool) -> None:
    opened = f"{(url or default_url()).rstrip('/')}/sign-in#token={token}"
    if json:
        print_json({"email": email, "link": opened})
        return
    console = answers()
    console.print(f"This signs {email} in, once, within 15 minutes:")
    console.print(opened, soft_wrap=True)


def _membership(one: dict[str, str]) -> str:
    return f"{one['name']} {one['mode']}: {one['role']}"
