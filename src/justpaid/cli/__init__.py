"""The command line: `justpaid`. Answers go to standard output, everything else to standard error.

Exit codes: 0 done; 1 the thing asked for failed; 2 wrong usage or settings; 3 the server or an engine can't be reached;
4 the API key was refused; 130 interrupted.
"""

from justpaid.cli.main import app, main

__all__ = ["app", "main"]
