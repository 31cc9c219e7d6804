"""Every setting of an installation, in one object, read from the environment.

Each is `JUSTPAID_<NAME>`; `DATABASE_URL` is also read without the prefix because hosts provide it so. An empty variable
counts as unset. `docs/reference/settings.md` lists them all, and a test compares that page with this file.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from justpaid.kernel.errors import FieldError, InvalidRequest

MIB = 1024 * 1024
GIB = 1024 * MIB

_PREFIX = "JUSTPAID_"
_BOOTSTRAP_KEY = re.compile(r"sk_(test|live)_[A-Za-z0-9_-]{4,}")
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?")
_EMAIL_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9.-]+")
_POSTGRES_URL = re.compile(r"(?:postgres|postgresql)(?:\+psycopg)?://")

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["auto", "console", "json"]


def default_data_dir() -> Path:
    """`$XDG_DATA_HOME/justpaid`, else `~/.local/share/justpaid`. A relative XDG_DATA_HOME is ignored.

    Raises: InvalidRequest where the user has no home.  Source: XDG Base Directory Specification 0.8.
    """
    base = Path(os.environ.get("XDG_DATA_HOME", ""))
    if base.is_absolute():
        return base / "justpaid"
    try:
        return Path.home() / ".local" / "share" / "justpaid"
    except RuntimeError as error:
        message = "this user has no home directory. Set JUSTPAID_DATA_DIR to the folder that shall hold the data"
        raise InvalidRequest.of("JUSTPAID_DATA_DIR", message) from error


def _absolute(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError as error:
        raise ValueError("the home directory in this path is not known") from error


def _postgres_url(url: str) -> str:
    """One spelling for all readers: `postgresql://…`, whatever dialect prefix the host wrote."""
    found = _POSTGRES_URL.match(url)
    if found is None:
        raise ValueError("not a PostgreSQL address")
    return "postgresql://" + url[found.end() :]


def _web_address(url: str) -> str:
    if _WEB_ADDRESS.fullmatch(url) is None:
        raise ValueError("not an address of the web")
    return url.rstrip("/")


def _bootstrap_key(key: SecretStr) -> SecretStr:
    if _BOOTSTRAP_KEY.fullmatch(key.get_secret_value()) is None:
        raise ValueError("not an API key")
    return key


def _smtp_url(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known or not text.isprintable() or " " in text or parts.path not in ("", "/") or parts.query:
        raise ValueError("not the address of a mail server")
    return url


def _email_address(text: str) -> str:
    if _EMAIL_ADDRESS.fullmatch(text) is None:
        raise ValueError("not an e-mail address")
    return text


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class Settings(BaseSettings):
    """Build it with `load_settings`, which turns a bad value into an error that names the variable and the remedy."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="the address to listen on; 0.0.0.0 listens on every interface",
    )
    port: int = Field(default=8787, ge=1, le=65535, description="the TCP port of the API, from 1 to 65535")
    data_dir: Annotated[Path, AfterValidator(_absolute)] = Field(
        default_factory=default_data_dir,
        description="the folder that holds all data of the installation; one running process owns it",
    )
    database_url: Annotated[str, AfterValidator(_postgres_url)] | None = Field(
        default=None,
        validation_alias=AliasChoices("JUSTPAID_DATABASE_URL", "DATABASE_URL"),
        repr=False,
        description="the PostgreSQL server to use, as postgresql://user:password@host:5432/database; "
        "without it PostgreSQL runs embedded in the data folder",
    )
    bootstrap_api_key: Annotated[SecretStr, AfterValidator(_bootstrap_key)] | None = Field(
        default=None,
        description="an API key that a first start gives to a new organisation: sk_test_ or sk_live_, "
        "then at least 4 of the characters A-Z a-z 0-9 _ -",
    )
    organisation_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="the name, on its invoices too, of the organisation that a first start makes for the bootstrap "
        "key, of 1 to 200 characters; without it the name is My company",
    )
    log_level: Annotated[LogLevel, BeforeValidator(_lower)] = Field(
        default="info", description="the least severe messages to log: debug, info, warning or error"
    )
    log_format: Annotated[LogFormat, BeforeValidator(_lower)] = Field(
        default="auto",
        description="console (for people), json (for machines) or auto (console on a terminal, else json)",
    )
    public_url: Annotated[str, AfterValidator(_web_address)] | None = Field(
        default=None,
        description="the address under which people reach this server, such as https://billing.example.com, for links "
        "that it makes; without it links have the address of the request that made them",
    )
    max_events_body_bytes: int = Field(
        default=64 * MIB,
        ge=1024,
        le=GIB,
        description="the largest body of POST /v1/events, in bytes after decompression, from 1024 (1 KiB) to 1 GiB",
    )
    max_body_bytes: int = Field(
        default=MIB,
        ge=1024,
        le=GIB,
        description="the largest body of any other request, in bytes after decompression, from 1024 (1 KiB) to 1 GiB",
    )
    max_import_bytes: int = Field(
        default=GIB,
        ge=1024,
        le=1024 * GIB,
        description="the largest CSV file that can be imported, in bytes, from 1024 (1 KiB) to 1 TiB",
    )
    max_batch_events: int = Field(
        default=50_000, ge=1, le=1_000_000, description="the most events in one request, from 1 to 1000000"
    )
    journal_backlog_limit_bytes: int = Field(
        default=4 * GIB,
        ge=MIB,
        description="the bytes of events in the journal but not yet in the warehouse "
        "above which new events get 503, at least 1048576 (1 MiB)",
    )
    min_free_disk_bytes: int = Field(
        default=384 * MIB,
        ge=0,
        description="the free bytes on the data folder's disk below which new events get 503; "
        "metering stops below 256 MiB",
    )
    events_retention_days: int | None = Field(
        default=None,
        ge=1,
        description="the days that raw events are kept at least, after their timestamps and after the finalisation of "
        "the last invoice that counts them, at least 1; without it they are kept for ever",
    )
    events_cold_dir: Annotated[Path, AfterValidator(_absolute)] | None = Field(
        default=None,
        description="a folder on a slower or larger disk for old raw events; once used it stays part of the data",
    )
    events_cold_after_days: int | None = Field(
        default=None,
        ge=1,
        description="the days after their receipt that raw events move to the cold folder, by whole months, "
        "at least 1; without it they do not move",
    )
    drain_max_rows: int = Field(
        default=100_000,
        ge=1,
        le=10_000_000,
        description="the most events moved from the journal to the warehouse in one insert, and decoded in memory "
        "until then, from 1 to 10000000",
    )
    billing_interval_s: int = Field(
        default=60,
        ge=0,
        le=86_400,
        description="the seconds between two automatic billing runs, up to 86400 (a day); 0 turns them off",
    )
    billing_grace_s: int = Field(
        default=3600,
        ge=0,
        le=2_592_000,
        description="the seconds after a period's end, and after its drafting, before an invoice is issued by itself",
    )
    alerts_interval_s: int = Field(
        default=5,
        ge=0,
        le=86_400,
        description="the seconds between two looks at alerts, up to 86400 (a day); 0 turns them off",
    )
    smtp_url: Annotated[SecretStr, AfterValidator(_smtp_url)] | None = Field(
        default=None,
        description="the server that e-mails go out by, as smtp://user:password@host:587 or, with TLS from the first "
        "byte on, smtps://user:password@host:465; without it e-mails wait and alerts show in the app only",
    )
    email_from: Annotated[str, AfterValidator(_email_address)] | None = Field(
        default=None,
        description="the address that e-mails come from, such as billing@example.com; JUSTPAID_SMTP_URL needs it",
    )
    session_idle_s: int = Field(
        default=86_400,
        ge=60,
        le=31_536_000,
        description="the seconds without a request after which a person is signed out, from 60 to 31536000 (a year)",
    )
    session_max_s: int = Field(
        default=1_209_600,
        ge=60,
        le=31_536_000,
        description="the seconds after which a person is signed out in any case, from 60 to 31536000 (a year)",
    )
    request_log_days: int = Field(
        default=30,
        ge=0,
        le=3650,
        description="the days that requests stay in the request log, up to 3650; 0 logs none",
    )
    request_log_rows: int = Field(
        default=10_000,
        ge=1,
        le=10_000_000,
        description="the most rows that an organisation's request log keeps, the newest, from 1 to 10000000",
    )

    @field_validator("email_from")
    @classmethod
    def _mail_comes_from_somebody(cls, email_from: str | None, info: ValidationInfo) -> str | None:
        if email_from is None and info.data.get("smtp_url") is not None:
            raise ValueError("is missing")
        return email_from


def variable_of(field: str) -> str:
    """The environment variable that sets a field of `Settings`, as an error about its present value should name it."""
    variable = _PREFIX + field.upper()
    if field == "database_url" and not os.environ.get(variable) and os.environ.get("DATABASE_URL"):
        return "DATABASE_URL"
    return variable


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment; `overrides` (command line options) go first, and those that are None are left out.

    Raises: InvalidRequest, with a FieldError per bad variable; never shows the value of a secret.
    """
    given: dict[str, Any] = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        wrong = [_field_error(one) for one in error.errors(include_url=False, include_context=False)]
        raise InvalidRequest("; ".join(f"{e.field}: {e.message}" for e in wrong), errors=wrong) from None


def _field_error(error: Any) -> FieldError:
    at = str(error["loc"][0])
    name = at.removeprefix(_PREFIX).lower()
    field = Settings.model_fields.get(name)
    if field is None:
        return FieldError(at, "there is no such setting. docs/reference/settings.md lists them all")
    reason = error["msg"].removeprefix("Value error, ").replace("Input should be", "should be")
    message = f"{reason}. It is {field.description}. Change it, or unset it to get the default"
    return FieldError(variable_of(name), message)
