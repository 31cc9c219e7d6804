"""Alerts: of any customer for the organisation, and in the portal the customer's own."""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import Query

from justpaid.api.paging import Page, Paging
from justpaid.api.portal_route import Visit, portal_router
from justpaid.api.route import router as new_router
from justpaid.api.routes.portal import hidden_meters, require_shown
from justpaid.api.schemas.alerts import AlertIn, AlertOut, PortalAlertIn
from justpaid.api.unit_of_work import Unit, UnitOfWork
from justpaid.customers import find_customer
from justpaid.delivery import deliveries_of
from justpaid.limits import Alert, delete_alert, last_firings, standings
from justpaid.limits import create_alert as create
from justpaid.limits import list_alerts as newest

router = new_router("alerts", "/v1/alerts")
portal = portal_router()

_FRESH_WITHIN_S: Final = 1.0


@router.post("", status_code=201)
def create_alert(body: AlertIn, unit: Unit) -> AlertOut:
    """An alert on a customer's usage or cost. The customer does not see it."""
    customer = find_customer(unit.session, body.customer_id)
    now = unit.installation.clock.now()
    alert = create(unit.session, customer, body.new(), made_by="organisation", now=now)
    return _shown(unit, [alert], errors=True)[0]


@router.get("")
def list_alerts(
    unit: Unit,
    paging: Paging,
    customer_id: Annotated[str | None, Query(description="Id, external id or alias of a customer.")] = None,
) -> Page[AlertOut]:
    """All alerts, or one customer's, newest first, those that customers made too; with where each stands."""
    found = newest(
        unit.session,
        limit=paging.fetch,
        before_id=paging.before_id("alr"),
        customer_id=find_customer(unit.session, customer_id).id if customer_id is not None else None,
    )
    return _page(unit, paging, found, errors=True)


@router.delete("/{alert_id}", status_code=204)
def remove_alert(alert_id: str, unit: Unit) -> None:
    """It fires no more."""
    delete_alert(unit.session, alert_id, unit.installation.clock.now())


@portal.post("/alerts", status_code=201)
def create_portal_alert(body: PortalAlertIn, unit: Visit) -> AlertOut:
    """An alert on the customer's own usage or cost."""
    if body.meter is not None:
        require_shown(unit, body.meter)
    now = unit.installation.clock.now()
    alert = create(unit.session, unit.customer(), body.new(), made_by="customer", now=now)
    return _shown(unit, [alert], errors=False)[0]


@portal.get("/alerts")
def list_portal_alerts(unit: Visit, paging: Paging) -> Page[AlertOut]:
    """Those that were made in the portal, newest first, with where each stands."""
    found = newest(
        unit.session,
        limit=paging.fetch,
        before_id=paging.before_id("alr"),
        customer_id=unit.customer_id,
        made_by="customer",
        hidden_meters=hidden_meters(unit),
    )
    return _page(unit, paging, found, errors=False)


@portal.delete("/alerts/{alert_id}", status_code=204)
def remove_portal_alert(alert_id: str, unit: Visit) -> None:
    """It fires no more."""
    now = unit.installation.clock.now()
    delete_alert(unit.session, alert_id, now, customer_id=unit.customer_id, made_by="customer")


def _page(unit: UnitOfWork, paging: Paging, found: Sequence[Alert], *, errors: bool) -> Page[AlertOut]:
    visible = found[: paging.limit]
    shown = {alert.id: alert for alert in _shown(unit, visible, errors=errors)}
    return paging.page(found, lambda alert: shown[alert.id])


def _shown(unit: UnitOfWork, alerts: Sequence[Alert], *, errors: bool) -> list[AlertOut]:
    metering, now = unit.installation.metering, unit.now()
    metering.catch_up(_FRESH_WITHIN_S)
    firings = last_firings(unit.session, alerts)
    mails = deliveries_of(unit.session, [firing.id for firing in firings.values()])
    by_email = unit.installation.settings.smtp_url is not None
    shown = []
    for standing in standings(unit.session, metering, alerts, now):
        firing = firings.get(standing.alert.id)
        told = mails.get(firing.id, ()) if firing else ()
        shown.append(AlertOut.shown(standing, firing, told, by_email=by_email, now=now, errors=errors))
    return shown
