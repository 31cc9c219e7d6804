"""A customer's balance and ledger, and top-ups."""

from typing import Annotated, Final

from fastapi import Query
from sqlalchemy.orm import Session

from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.credits import (
    BalancesOut,
    LedgerEntryOut,
    TopUpIn,
    TopUpOut,
    TopUpRuleIn,
    TopUpRuleOut,
    TopUpRulesOut,
)
from justpaid.api.unit_of_work import Unit
from justpaid.credits import (
    NewTopUpRule,
    TopUp,
    balances_of,
    find_top_up,
    order_top_up,
    post_expired,
    remove_top_up_rule,
    set_top_up_rule,
)
from justpaid.credits import list_top_up_rules as rules_of
from justpaid.credits import list_top_ups as newest
from justpaid.customers import find_customer
from justpaid.invoicing import invoices_of_top_ups, issue_top_ups, pending_charges, withdraw_top_up
from justpaid.invoicing import pay_top_up as pay
from justpaid.ledger import list_entries
from justpaid.metering import Metering

router = new_router("credits", "/v1/credits")

CustomerReference = Annotated[str, Query(description="Id, external id or alias of a customer.")]

#: As for estimates, so that both show the same number.
_FRESH_WITHIN_S: Final = 1.0


@router.get("/balance")
def get_credit_balance(unit: Unit, customer_id: CustomerReference) -> BalancesOut:
    """What a customer has in credits, and how much of it usage up to now has spoken for."""
    metering: Metering = unit.installation.metering
    metering.catch_up(_FRESH_WITHIN_S)  # first, while no connection is held
    now = unit.now()
    customer = find_customer(unit.session, customer_id)
    balances = balances_of(unit.session, unit.organisation_id, customer.id, now)
    asked = pending_charges(unit.session, metering, customer, now)
    return BalancesOut.of(customer.id, customer.currency, balances, asked, now)


@router.get("/ledger")
def list_ledger_entries(unit: Unit, paging: Paging, customer_id: CustomerReference) -> Page[LedgerEntryOut]:
    """The history of a customer's credits in double entry, newest first."""
    customer = find_customer(unit.session, customer_id)
    post_expired(unit.session, unit.organisation_id, unit.now(), customers=[customer.id])
    found = list_entries(unit.session, customer.id, limit=paging.fetch, before_id=paging.before_id("entry"))
    return paging.page(found, LedgerEntryOut.of)


@router.put("/top-up-rules")
def put_top_up_rule(body: TopUpRuleIn, unit: Unit) -> TopUpRuleOut:
    """Make or replace the rule of automatic top-up of a customer in a currency."""
    fields = dict(body)
    customer = find_customer(unit.session, fields.pop("customer_id"))
    now = unit.now()
    rule = set_top_up_rule(unit.session, customer, NewTopUpRule(**fields), now)
    issue_top_ups(unit.session, unit.organisation_id, now)
    return TopUpRuleOut.of(rule)


@router.get("/top-up-rules")
def list_top_up_rules(unit: Unit, customer_id: CustomerReference) -> TopUpRulesOut:
    """A customer's rules, one a currency."""
    customer = find_customer(unit.session, customer_id)
    return TopUpRulesOut(data=[TopUpRuleOut.of(rule) for rule in rules_of(unit.session, customer.id)])


@router.delete("/top-up-rules", status_code=204)
def delete_top_up_rule(
    unit: Unit,
    customer_id: CustomerReference,
    currency: Annotated[str | None, Query(description="ISO 4217; defaults to the customer's.")] = None,
) -> None:
    """End automatic top-up. What was ordered stays."""
    customer = find_customer(unit.session, customer_id)
    remove_top_up_rule(unit.session, customer, customer.currency if currency is None else currency)


@router.post("/top-ups", status_code=201)
def create_top_up(body: TopUpIn, unit: Unit) -> TopUpOut:
    """Order prepaid credits for a customer, and issue their invoice. They are granted when the payment is recorded."""
    fields = dict(body)
    now = unit.now()
    customer = find_customer(unit.session, fields.pop("customer_id"))
    ordered = order_top_up(unit.session, customer, now=now, **fields)
    issue_top_ups(unit.session, unit.organisation_id, now)
    return _shown(unit.session, ordered)


@router.get("/top-ups")
def list_top_ups(
    unit: Unit,
    paging: Paging,
    customer_id: Annotated[str | None, Query(description="Id, external id or alias of a customer.")] = None,
) -> Page[TopUpOut]:
    """All top-ups, or one customer's, newest first."""
    found = newest(
        unit.session,
        limit=paging.fetch,
        before_id=paging.before_id("topup"),
        customer_id=find_customer(unit.session, customer_id).id if customer_id is not None else None,
    )
    invoices = invoices_of_top_ups(unit.session, found)
    return paging.page(found, lambda top_up: TopUpOut.of(top_up, invoices.get(top_up.id)))


@router.post("/top-ups/{top_up_id}/pay")
def pay_top_up(top_up_id: str, unit: Unit) -> TopUpOut:
    """Record that a top-up and its invoice were paid; its credits are granted, unless they were at once."""
    found = find_top_up(unit.session, top_up_id)
    return _shown(unit.session, pay(unit.session, found, unit.now()))


@router.post("/top-ups/{top_up_id}/cancel")
def cancel_top_up(top_up_id: str, unit: Unit) -> TopUpOut:
    """Withdraw a top-up that is due, and void its invoice. What is left of credits granted at once is voided."""
    found = find_top_up(unit.session, top_up_id)
    return _shown(unit.session, withdraw_top_up(unit.session, found, unit.now()))


def _shown(session: Session, top_up: TopUp) -> TopUpOut:
    return TopUpOut.of(top_up, invoices_of_top_ups(session, [top_up]).get(top_up.id))
