"""What was used: a meter's exact quantities by time, customer and dimension."""

from decimal import Decimal
from typing import Annotated, Final

from fastapi import Depends

from justpaid.accounts import find_organisation
from justpaid.api.route import router as new_router
from justpaid.api.schemas.usage import UsageOut, UsageQuestion, UsageRow
from justpaid.api.unit_of_work import Unit
from justpaid.customers import find_customer, keys_of
from justpaid.metering import Metering, Quantity, Question, cut, definition_of, find_meter

router = new_router("usage", "/v1/usage")

#: Metering follows within milliseconds; under a backlog the answer is a little old instead of late.
_FRESH_WITHIN_S: Final = 1.0


@router.get("")
def get_usage(asked: Annotated[UsageQuestion, Depends()], unit: Unit) -> UsageOut:
    """What a meter counted over a time, of a customer or of all, in windows and by dimensions."""
    metering: Metering = unit.installation.metering
    metering.catch_up(_FRESH_WITHIN_S)  # first, while no connection is held
    meter = find_meter(unit.session, asked.meter)
    customers: dict[str, str] | None = None
    if asked.customer_id is None:
        zone = asked.timezone or find_organisation(unit.session, unit.organisation_id).timezone
    else:
        customer = find_customer(unit.session, asked.customer_id)
        customers = dict.fromkeys(keys_of(unit.session, [customer])[customer.id], customer.id)
        zone = asked.timezone or customer.timezone
    period = asked.period(unit.now(), zone)
    windows = cut(period, asked.window, zone)
    found = metering.usage(Question(definition_of(meter), windows, customers, asked.group_by))
    if not found and asked.window == "none" and not asked.group_by:
        found = [Quantity(period, Decimal(0), 0)]
    return UsageOut(
        meter=meter.key,
        start=period.start,
        end=period.end,
        timezone=zone,
        data=[UsageRow.of(quantity) for quantity in found],
    )
