"""Meters on the wire."""

from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from justpaid.api.values import Input, Instant, Output, PlainDecimal
from justpaid.kernel.decimals import parse_decimal, plain
from justpaid.metering import Filter, Meter, Operator


def _as_text(value: object) -> str:
    """Events keep every value as text, so a filter compares text: 1.50 is `1.5`, true is `true`."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return plain(parse_decimal(value))
        case str():
            return value
        case _:
            raise ValueError("must be a text, a number, true or false")


_VALUE_SCHEMA: Final[dict[str, Any]] = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]}

FilterValue = Annotated[
    str,
    BeforeValidator(_as_text),
    Field(max_length=1000),
    WithJsonSchema(_VALUE_SCHEMA, mode="validation"),
]


class FilterIn(Input):
    """`exists` takes no values, `in` and `not_in` any number of them, the other operators one."""

    property: str = Field(max_length=1000, examples=["properties.model"])
    operator: Operator
    values: list[FilterValue] = Field(default_factory=list, max_length=1000, examples=[["gpt-4o"]])


def _as_filters(filters: list[FilterIn]) -> list[Filter]:
    return [Filter(each.property, each.operator, tuple(each.values)) for each in filters]


class MeterIn(Input):
    """It counts past events too, and so it does after a change."""

    key: str = Field(description="How prices and usage questions name it.", examples=["tokens"])
    name: str | None = Field(default=None, min_length=1, max_length=200, description="Defaults to the key.")
    event: str = Field(min_length=1, max_length=255, description="The events it takes.", examples=["api_call"])
    aggregation: str = Field(
        description="One of count, sum, max, min, average, unique, latest and weighted_sum.",
        examples=["sum"],
    )
    property: str | None = Field(
        default=None,
        max_length=1000,
        description="What is aggregated: `quantity` or `properties.…`; none for count.",
        examples=["properties.tokens"],
    )
    filters: list[FilterIn] = Field(default_factory=list, description="An event counts if it passes all of them.")
    dimensions: list[str] = Field(
        default_factory=list, description="Properties by which usage can be grouped.", examples=[["model"]]
    )

    def as_filters(self) -> list[Filter]:
        return _as_filters(self.filters)


class MeterPatch(Input):
    """Only the fields that are sent change; the key never does. Prices go on with the changed meter."""

    name: str = Field(default="", min_length=1, max_length=200)
    event: str = Field(default="", min_length=1, max_length=255)
    aggregation: str = ""
    property: str | None = Field(default=None, max_length=1000)
    filters: list[FilterIn] = Field(default_factory=list)
    dimensions: list[str] = Field(default_factory=list)

    def changes(self) -> dict[str, Any]:
        sent = {name: getattr(self, name) for name in self.model_fields_set}
        if "filters" in sent:
            sent["filters"] = _as_filters(self.filters)
        return sent


class FilterOut(Output):
    property: str
    operator: Operator
    values: list[str]


class RollupOut(Output):
    """Usage is right all along; while its rollup is built, a meter answers from single events, which takes longer."""

    status: Literal["complete", "building"]
    progress: PlainDecimal = Field(description="How much of the past events is rolled up, from 0 to 1.")

    @classmethod
    def of(cls, progress: Decimal) -> "RollupOut":
        return cls(status="complete" if progress == 1 else "building", progress=progress)


class MeterOut(Output):
    id: str
    key: str
    name: str
    event: str
    aggregation: str
    property: str | None
    filters: list[FilterOut]
    dimensions: list[str]
    version: int = Field(description="1, and one more with each change of what it counts.")
    created_at: Instant
    rollup: RollupOut

    @classmethod
    def of(cls, meter: Meter, progress: Decimal) -> "MeterOut":
        """`progress` of its rollup, from 0 to 1."""
        return cls(
            id=meter.id,
            key=meter.key,
            name=meter.name,
            event=meter.event,
            aggregation=meter.aggregation,
            property=meter.property,
            filters=[FilterOut.model_validate(each) for each in meter.filters],
            dimensions=meter.dimensions,
            version=meter.version,
            created_at=meter.created_at,
            rollup=RollupOut.of(progress),
        )
