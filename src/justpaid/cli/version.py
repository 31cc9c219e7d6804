"""`justpaid version`."""

import platform

from justpaid import __version__
from justpaid.cli.options import Json
from justpaid.cli.output import answers, print_json


def version(json: Json = False) -> None:
    """Print the version."""
    if json:
        print_json({"version": __version__, "python": platform.python_version()})
    else:
        answers().print(f"JustPaid {__version__} (Python {platform.python_version()})")
