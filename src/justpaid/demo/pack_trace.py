"""Makes `llm_trace.csv.gz` from the published CSV files: `python -m justpaid.demo.pack_trace FOLDER`.

FOLDER holds AzureLLMInferenceTrace_code.csv and AzureLLMInferenceTrace_conv.csv of the source named in LLM_TRACE.md.
"""

import csv
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from justpaid.demo.trace import FILE_NAME, Call, Service, pack

_SOURCES: Final[tuple[tuple[Service, str], ...]] = (
    ("code", "AzureLLMInferenceTrace_code.csv"),
    ("conversation", "AzureLLMInferenceTrace_conv.csv"),
)


def read_published(folder: Path) -> list[Call]:
    """The calls of both files; offsets count from the earliest call of either, cut to whole milliseconds."""
    rows = {service: _rows(folder / name) for service, name in _SOURCES}
    began_ms = min(times[0][0] for times in rows.values())
    return [
        Call(service, number, at_ms - began_ms, input_tokens, output_tokens)
        for service, times in rows.items()
        for number, (at_ms, input_tokens, output_tokens) in enumerate(times)
    ]


def _rows(path: Path) -> list[tuple[int, int, int]]:
    with path.open(newline="") as file:
        return [
            (_epoch_ms(row["TIMESTAMP"]), int(row["ContextTokens"]), int(row["GeneratedTokens"]))
            for row in csv.DictReader(file)
        ]


def _epoch_ms(text: str) -> int:
    """The files give seven decimal places and no offset; only differences matter, so UTC will do."""
    seconds, fraction = text.split(".")
    whole = datetime.fromisoformat(seconds).replace(tzinfo=UTC)
    return int(whole.timestamp()) * 1000 + int(fraction[:3])


def main() -> None:
    calls = read_published(Path(sys.argv[1]))
    target = Path(__file__).with_name(FILE_NAME)
    target.write_bytes(pack(calls))
    sys.stdout.write(f"{target}: {len(calls)} calls, {target.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
