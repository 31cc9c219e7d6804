"""The demo: an AI company with last month billed and this month running, on real usage, over the public API.

`run` does everything; the modules are its acts. The names in the story are invented; the usage is real (LLM_TRACE.md).
"""

from justpaid.demo.cast import COMPANY
from justpaid.demo.run import run

__all__ = ["COMPANY", "run"]
