"""A second, slower or larger disk for the warehouse, as ClickHouse's configuration describes it.

The file beside the warehouse's folder remembers it: once events lie there, the warehouse can't do without.
"""

from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from justpaid.kernel.errors import EngineUnavailable

COLD: Final = "cold"
#: Its volumes are those of the default policy and one more, so that a table can change over to it.
POLICY: Final = "tiered"
_MARKER: Final = "justpaid-cold-events"


def configured(warehouse: Path, cold: Path | None) -> Path | None:
    """The configuration file of the warehouse, if it has a cold disk: that of `cold`, or of an earlier start.

    Raises: EngineUnavailable if the cold disk is another than before, or is not there.
    """
    file = warehouse.with_name(f"{warehouse.name}-disks.xml")
    if not file.exists():
        if cold is None:
            return None
        try:
            cold.mkdir(mode=0o700, parents=True, exist_ok=True)
            (cold / _MARKER).write_text(f"Cold events of the warehouse in {warehouse}. They are part of it.\n")
            file.write_text(_document(cold))
        except OSError as error:
            raise EngineUnavailable(
                f"The cold folder {cold} can't be used: {error.strerror}. Make it a folder that this user may write, "
                "or unset JUSTPAID_EVENTS_COLD_DIR."
            ) from error
    text = file.read_text()
    if cold is not None and text != _document(cold):
        raise EngineUnavailable(
            f"JUSTPAID_EVENTS_COLD_DIR is {cold}, but {file} names another folder, where events lie already. Set it to "
            "that one; to move it, stop the server, move the folder with all it holds, and change the path in the file."
        )
    known = Path(text.partition("<path>")[2].partition("</path>")[0])
    if not (known / _MARKER).exists():
        raise EngineUnavailable(
            f"The cold folder {known} is not there or is not the warehouse's (it has no {_MARKER}). Mount its disk and "
            "start again: without it, events would be missing."
        )
    return file


def _document(cold: Path) -> str:
    return f"""<clickhouse><storage_configuration>
  <disks><{COLD}><type>local</type><path>{escape(str(cold))}/</path></{COLD}></disks>
  <policies><{POLICY}><volumes>
    <default><disk>default</disk></default>
    <{COLD}><disk>{COLD}</disk></{COLD}>
  </volumes></{POLICY}></policies>
</storage_configuration></clickhouse>
"""
