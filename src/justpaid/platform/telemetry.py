"""Logging: one line an event, for people on a terminal and as JSON for machines, always to standard error.

Standard output belongs to the commands' own answers (`--json`). What libraries log through the standard library takes
the same way. API keys and passwords in addresses are blotted out of every value, by whatever way they came.
"""

import logging
import re
import sys
from typing import Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from justpaid.platform.settings import LogFormat, LogLevel

_SECRET_NAMES: Final = re.compile(r"authorization|password|secret|token$|api_?key$|cookie", re.IGNORECASE)
_API_KEY: Final = re.compile(r"\b(sk_(?:test|live)_)[A-Za-z0-9_-]+")
_URL_PASSWORD: Final = re.compile(r"(://[^/\s:@]*:)[^\s@]+(?=@)")
# They report each request or query at "info", which would drown ours.
_CHATTY: Final = ("httpx", "httpcore", "alembic", "sqlalchemy.engine", "psycopg.pool")


def configure_logging(level: LogLevel = "info", format: LogFormat = "auto") -> None:
    """Route all logging of this process. May be called again; the last call counts."""
    people = format == "console" or (format == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if people else "iso", utc=not people),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: Processor = structlog.processors.JSONRenderer(default=str)
    if people:
        plain = structlog.dev.plain_traceback
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)
    # The traceback becomes text before `redact`, since what was raised may quote a secret.
    last: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redact,
        renderer,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=last, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Blot out secrets, by the name of the field and by their look in any text."""
    return {name: _clean(name, value) for name, value in event.items()}


def _clean(name: str, value: object) -> object:
    if _SECRET_NAMES.search(name):
        return "***"
    if isinstance(value, dict):
        return {key: _clean(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean("", inner) for inner in value]
    if isinstance(value, str):
        return _URL_PASSWORD.sub(r"\1***", _API_KEY.sub(r"\1***", value))
    return value
