"""What a command that fails says, and with which exit code it ends."""

from collections.abc import Sequence
from typing import Any, Final

import typer
from rich.text import Text
from typer.core import TyperGroup

from justpaid.cli.output import errors
from justpaid.kernel.errors import EngineUnavailable, FieldError, InvalidRequest, JustPaidError, Unauthenticated

FAILED: Final = 1
USAGE: Final = 2
UNREACHABLE: Final = 3
REFUSED: Final = 4
INTERRUPTED: Final = 130


class CommandFailed(Exception):
    """A message for people, the fields it is about, and the exit code."""

    def __init__(self, message: str, exit_code: int = FAILED, *, fields: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
        self.fields = tuple(fields)


class Group(TyperGroup):
    """Ends a failed command with its message and code instead of a traceback; only our own faults show one."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (CommandFailed, JustPaidError) as error:
            failure = failure_of(error)
            show(failure)
            raise typer.Exit(failure.exit_code) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


def failure_of(error: CommandFailed | JustPaidError) -> CommandFailed:
    match error:
        case CommandFailed():
            return error
        case EngineUnavailable():
            return CommandFailed(error.detail, UNREACHABLE)
        case Unauthenticated():
            return CommandFailed(error.detail, REFUSED)
        case InvalidRequest():
            return CommandFailed(error.detail, USAGE)
        case _:
            return CommandFailed(error.detail, FAILED, fields=error.errors)


def show(failure: CommandFailed) -> None:
    console = errors()
    console.print(Text.assemble(("Error: ", "bold red"), failure.message), soft_wrap=True)
    for field in failure.fields:
        # A single field's message is the detail already.
        if f"{field.field}: {field.message}" not in failure.message:
            console.print(Text.assemble("  ", (field.field, "bold"), ": ", field.message), soft_wrap=True)
