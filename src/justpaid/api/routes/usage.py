"""What was used: a meter's exact quantities by time, customer and dimension."""

from decimal import Decimal
from typing import Annotated, Final

from fastapi import Depends, Query
from starlette.responses import Response

from justpaid.accounts import find_organisation
from justpaid.api.route import router as new_router
from justpaid.api.routes.invoices import CSV, file_response
from justpaid.api.schemas.usage import UsageOut, UsageQuestion, UsageRow
from justpaid.api.unit_of_work import Unit
from justpaid.api.values import write_instant
from justpaid.customers import find_customer, keys_of
from justpaid.kernel.decimals import plain
from justpaid.kernel.spreadsheets import as_text, rows_as_csv
from justpaid.metering import Metering, Quantity, Question, cut, definition_of, find_meter

router = new_router("usage", "/v1/usage")

#: Metering follows within milliseconds; under a backlog the answer is a little old instead of late.
_FRESH_WITHIN_S: Final = 1.0

Asked = Annotated[UsageQuestion, Depends()]
Whose = Annotated[
    str | None, Query(description="Id, external id or alias of a customer. Without it, everyone's usage.")
]


@router.get("")
def get_usage(asked: Asked, unit: Unit, customer_id: Whose = None) -> UsageOut:
    """What a meter counted over a time, of a customer or of all, in windows and by dimensions."""
    return answered(unit, asked, customer_id)


@router.get(".csv", response_class=Response, responses=file_response(CSV))
def get_usage_csv(asked: Asked, unit: Unit, customer_id: Whose = None) -> Response:
    """The same as a table: a row for each window and group."""
    return as_csv(answered(unit, asked, customer_id), asked)


def answered(unit: Unit, asked: UsageQuestion, customer_id: str | None) -> UsageOut:
    """Of the customer with this id or other key; of all where it is None."""
    metering: Metering = unit.installation.metering
    metering.catch_up(_FRESH_WITHIN_S)  # first, while no connection is held
    meter = find_meter(unit.session, asked.meter)
    customers: dict[str, str] | None = None
    if customer_id is None:
        zone = asked.timezone or find_organisation(unit.session, unit.organisation_id).timezone
    else:
        customer = find_customer(unit.session, customer_id)
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


def as_csv(usage: UsageOut, asked: UsageQuestion) -> Response:
    """Instants in UTC; text that a spreadsheet program would run is defused."""
    names = list(asked.group_by)
    rows = [["meter", "from", "to", *map(as_text, names), "value"]]
    for row in usage.data:
        groups = [as_text(row.group.get(name, "")) for name in names]
        rows.append([as_text(usage.meter), write_instant(row.start), write_instant(row.end), *groups, plain(row.value)])
    headers = {"Content-Disposition": f'attachment; filename="usage-{usage.meter}.csv"'}
    return Response(rows_as_csv(rows), headers=headers, media_type=CSV)
