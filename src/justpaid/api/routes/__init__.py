"""The routes, one module a feature."""

from justpaid.api.routes import (
    api_keys,
    billing_runs,
    checks,
    customers,
    events,
    invoices,
    lag,
    meters,
    organisation,
    plans,
    prices,
    status,
    subscriptions,
    unbilled,
    usage,
)

ROUTERS = (
    status.router,
    organisation.router,
    api_keys.router,
    customers.router,
    events.router,
    meters.router,
    usage.router,
    unbilled.router,
    plans.router,
    prices.router,
    subscriptions.router,
    billing_runs.router,
    invoices.router,
    checks.router,
    lag.router,
)
