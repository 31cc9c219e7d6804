"""Trying a price, on the wire."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from justpaid.api.schemas.as_sent import AsSent
from justpaid.api.values import ExactDecimal, Input, Output, PlainDecimal
from justpaid.kernel.errors import InvalidRequest
from justpaid.pricing import Evaluation, Price, Step, Usage, quantity_of


class EvaluationIn(Input):
    """`quantity` or `usage`: one of the two."""

    price: Annotated[Price, AsSent] = Field(description="As in a plan; `key` and `meter` are not needed.")
    currency: str = Field(description="ISO 4217.", examples=["USD"])
    quantity: ExactDecimal | None = Field(default=None, examples=["1500"])
    usage: list[Usage] | None = Field(default=None, max_length=10_000)

    def parts(self) -> list[Usage]:
        """Raises: InvalidRequest unless it is one of the two."""
        match self.quantity, self.usage:
            case None, list() as usage:
                return usage
            case Decimal() as quantity, None:
                return [Usage(quantity=quantity)]
            case None, None:
                raise InvalidRequest.of("quantity", "is required, or usage in its place", code="missing")
            case _:
                raise InvalidRequest.of("usage", "says the same as quantity: send one of the two")


class StepOut(Output):
    """`quantity` × `unit_amount` = `amount`, unrounded."""

    description: str
    quantity: PlainDecimal
    unit_amount: PlainDecimal
    amount: PlainDecimal

    @classmethod
    def of(cls, step: Step) -> "StepOut":
        return cls.model_validate(step.as_json())


class EvaluationOut(Output):
    amount: str = Field(description="Rounded once, to the currency's minor unit.", examples=["100.00"])
    amount_exact: str = Field(description="Unrounded: the sum of the steps.", examples=["100"])
    currency: str
    effective_rate: PlainDecimal | None = Field(
        description="`amount_exact` a unit, to 12 places; null where the quantity is 0.", examples=["0.002"]
    )
    steps: list[StepOut]

    @classmethod
    def of(cls, evaluation: Evaluation) -> "EvaluationOut":
        return cls.model_validate(evaluation.as_json())


class CurveIn(Input):
    """Points of a curve, each a quantity in its parts."""

    price: Annotated[Price, AsSent] = Field(description="As in a plan; `key` and `meter` are not needed.")
    currency: str = Field(description="ISO 4217.", examples=["USD"])
    points: list[Annotated[list[Usage], Field(max_length=100)]] = Field(
        min_length=1, max_length=200, examples=[[[{"quantity": "1000"}], [{"quantity": "2000"}]]]
    )


class CurvePointOut(Output):
    quantity: PlainDecimal
    amount: str = Field(description="Rounded, as an invoice line would have it.", examples=["100.00"])
    effective_rate: PlainDecimal | None

    @classmethod
    def of(cls, evaluation: Evaluation, usage: Sequence[Usage]) -> "CurvePointOut":
        return cls(
            quantity=quantity_of(usage),
            amount=format(evaluation.amount, "f"),
            effective_rate=evaluation.effective_rate,
        )


class CurveOut(Output):
    currency: str
    points: list[CurvePointOut]
