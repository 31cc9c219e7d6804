"""The command line that the benchmarks share."""

import argparse
from collections.abc import Callable


def parsed(
    description: str | None,
    *,
    seconds: float,
    quick_seconds: float,
    preload: int,
    quick_preload: int,
    arguments: Callable[[argparse.ArgumentParser], None] = lambda _: None,
) -> argparse.Namespace:
    """`seconds` of each load, events stored beforehand (`preload`); --quick sets both small. `arguments` adds more."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a smoke run: under a minute, its figures mean nothing")
    parser.add_argument("--seconds", type=float, help=f"of the longest load (default {seconds:g})")
    parser.add_argument("--preload", type=int, help=f"events stored before (default {preload:,})")
    parser.add_argument("--work", help="a folder on the disk to measure (default benchmarks/.work)")
    arguments(parser)
    options = parser.parse_args()
    if options.seconds is None:
        options.seconds = quick_seconds if options.quick else seconds
    if options.preload is None:
        options.preload = quick_preload if options.quick else preload
    return options


def add_stored(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stored", help="a folder that keeps the events stored before; a later run takes them from there"
    )
