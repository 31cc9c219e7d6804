"""Trying a price before it is in a plan."""

from justpaid.api.route import router as new_router
from justpaid.api.schemas.prices import CurveIn, CurveOut, CurvePointOut, EvaluationIn, EvaluationOut
from justpaid.api.unit_of_work import Unit
from justpaid.pricing import evaluate, parse_price

router = new_router("prices", "/v1/prices")


@router.post("/evaluate")
def evaluate_price(body: EvaluationIn, unit: Unit) -> EvaluationOut:
    """What a price makes of a quantity: exactly as an invoice would, step by step. Nothing is kept."""
    price = parse_price(body.price, in_plan=False, at="price")
    return EvaluationOut.of(evaluate(price, body.currency, body.parts()))


@router.post("/curve")
def evaluate_curve(body: CurveIn, unit: Unit) -> CurveOut:
    """What a price makes of many quantities, for a curve of cost and of the effective rate. Nothing is kept."""
    price = parse_price(body.price, in_plan=False, at="price")
    points = [CurvePointOut.of(evaluate(price, body.currency, usage), usage) for usage in body.points]
    return CurveOut(currency=body.currency, points=points)
