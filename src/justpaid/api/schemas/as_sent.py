"""Fields that a stage reads itself: described in the OpenAPI document like any other, passed on as they came."""

from typing import Any

from pydantic import ValidatorFunctionWrapHandler, WrapValidator


def _as_it_came(value: Any, _check: ValidatorFunctionWrapHandler) -> Any:
    return value


AsSent = WrapValidator(_as_it_came)
