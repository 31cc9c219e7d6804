"""Write schemas/openapi.json, the committed copy of the document that the server serves at /openapi.json.

Usage: .venv/bin/python tools/write_openapi.py     (`make openapi` does it)
"""

import json
from pathlib import Path
from typing import cast

from justpaid.api import create_app
from justpaid.api.installation import Installation

TARGET = Path(__file__).parent.parent / "schemas" / "openapi.json"


def main() -> None:
    # The document tells of routes and schemas alone, so there need be nothing behind them.
    document = create_app(cast(Installation, None)).openapi()
    TARGET.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
