"""The test clock on the wire."""

from pydantic import Field

from justpaid.api.values import Input, Instant, Output


class AdvanceIn(Input):
    to: Instant = Field(description="The new present. It must lie ahead; what is due on the way is billed on its day.")


class TestClockOut(Output):
    __test__ = False

    now: Instant
    frozen: bool = Field(description="Whether it stands still until it is advanced; else it follows the real time.")


class AdvancedOut(TestClockOut):
    invoices_created: int
    invoices_finalized: int
