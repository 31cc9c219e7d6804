"""Stage 2: meters, rollups, usage questions, single events; see README.md."""

from justpaid.metering.backfills import BackfillReader, Extent
from justpaid.metering.backlog import Backlog
from justpaid.metering.changes import ChangeReader, Touched
from justpaid.metering.define import (
    change_meter,
    define_meter,
    definition_of,
    find_meter,
    list_meters,
    load_definitions,
)
from justpaid.metering.events import Change, EventFilter, EventReader, Measure, StoredEvent
from justpaid.metering.line_events import CountedEvent, CountedEvents, Counting, Place, State
from justpaid.metering.meter import Aggregation, Filter, MeterDefinition, Operator
from justpaid.metering.metering import Metering
from justpaid.metering.quantity import Quantity
from justpaid.metering.recount import Difference
from justpaid.metering.replay import MAX_REPLAYED, Replay, Wanted
from justpaid.metering.schema import BUCKET
from justpaid.metering.standing import LeftOut
from justpaid.metering.storage import TableSize, move_cold, table_sizes
from justpaid.metering.tables import Meter
from justpaid.metering.traffic import Counts, Traffic
from justpaid.metering.unbilled import Agreement, Counted, Gap, Group, Reason, UnbilledReader
from justpaid.metering.usage import Question, dimension_positions
from justpaid.metering.watch import Look, UsageWatch
from justpaid.metering.windows import Window, cut

__all__ = [
    "BUCKET",
    "MAX_REPLAYED",
    "Aggregation",
    "Agreement",
    "BackfillReader",
    "Backlog",
    "Change",
    "ChangeReader",
    "Counted",
    "CountedEvent",
    "CountedEvents",
    "Counting",
    "Counts",
    "Difference",
    "EventFilter",
    "EventReader",
    "Extent",
    "Filter",
    "Gap",
    "Group",
    "LeftOut",
    "Look",
    "Measure",
    "Meter",
    "MeterDefinition",
    "Metering",
    "Operator",
    "Place",
    "Quantity",
    "Question",
    "Reason",
    "Replay",
    "State",
    "StoredEvent",
    "TableSize",
    "Touched",
    "Traffic",
    "UnbilledReader",
    "UsageWatch",
    "Wanted",
    "Window",
    "change_meter",
    "cut",
    "define_meter",
    "definition_of",
    "dimension_positions",
    "find_meter",
    "list_meters",
    "load_definitions",
    "move_cold",
    "table_sizes",
]
