"""Whose usage has changed lately."""

from typing import Final

from justpaid.platform.warehouse import Warehouse

_SINCE: Final = """SELECT DISTINCT customer FROM events
    WHERE organisation = {organisation:String} AND seq >= {since:UInt64}"""


def customers_since(warehouse: Warehouse, organisation_id: str, since: int) -> set[str]:
    """The customer keys of the events that came at or after this journal sequence.  Raises: EngineUnavailable."""
    rows = warehouse.query(_SINCE, {"organisation": organisation_id, "since": since}).to_pylist()
    return {row["customer"] for row in rows}
