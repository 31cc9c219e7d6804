"""Changes to an event on the wire. What a value may be is checked where events are, so that both say the same."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema

from justpaid.api.values import Input
from justpaid.kernel.errors import InvalidRequest


def _not_null(value: Any) -> Any:
    if value is None:
        raise ValueError("must not be null; leave it out to keep what it is")
    return value


_Name = Annotated[str, Field(min_length=1, max_length=255)]
_Timestamp = Annotated[
    Any,
    AfterValidator(_not_null),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}]}),
]
_Quantity = Annotated[
    Any, AfterValidator(_not_null), WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}]})
]


class AmendmentIn(Input):
    """What is given replaces what the event had; `properties` as a whole."""

    customer_id: _Name = Field(default="", description="The customer's id, external id or alias.")
    event: _Name = Field(default="", description="What happened; meters select by it.")
    timestamp: _Timestamp = Field(
        default=None, description="RFC 3339 with an offset, or epoch seconds or milliseconds."
    )
    quantity: _Quantity = Field(default=None, description="An exact decimal.")
    properties: dict[str, Any] = Field(default={}, description="All of them: those not named here are gone.")

    def changes(self) -> dict[str, Any]:
        """The fields that were given.  Raises: InvalidRequest if there is none."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if not given:
            raise InvalidRequest.of("body", "changes nothing: give at least one field of the event to replace")
        return given
