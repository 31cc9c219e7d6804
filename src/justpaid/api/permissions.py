"""Which permission each route needs of a person; `accounts/roles` says which role has it.

A route that is not here is closed to every person (keys may use it), and a test fails for it.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from justpaid.accounts import Identity, Permission, may, roles_that_may
from justpaid.kernel.errors import Forbidden

ROUTES: Final[Mapping[Permission, tuple[str, ...]]] = {
    "organisation:read": ("GET /v1/organisation", "GET /v1/test-clock"),
    "organisation:write": (
        "PATCH /v1/organisation",
        "POST /v1/test-clock/advance",
        "DELETE /v1/test-clock",
    ),
    "members:read": ("GET /v1/members",),
    "members:write": ("POST /v1/members", "PATCH /v1/members/{member_id}", "DELETE /v1/members/{member_id}"),
    "api_keys:read": ("GET /v1/api-keys",),
    "api_keys:write": ("POST /v1/api-keys", "DELETE /v1/api-keys/{key_id}"),
    "audit_log:read": ("GET /v1/audit-log",),
    "request_log:read": ("GET /v1/request-log",),
    "installation:read": ("GET /v1/checks", "GET /v1/status", "GET /v1/storage"),
    "customers:read": (
        "GET /v1/customers",
        "GET /v1/customers/{customer}",
        "GET /v1/customers/{customer}/summary",
        "GET /v1/portal-links",
        "GET /v1/alerts",
    ),
    "customers:write": (
        "POST /v1/customers",
        "PATCH /v1/customers/{customer}",
        "POST /v1/portal-links",
        "POST /v1/portal-links/{portal_link}/revoke",
        "POST /v1/alerts",
        "DELETE /v1/alerts/{alert_id}",
    ),
    "events:read": (
        "GET /v1/events",
        "GET /v1/events/{event_id}",
        "GET /v1/events/stream",
        "GET /v1/backfills",
        "GET /v1/backfills/{backfill_id}",
        "GET /v1/imports",
        "GET /v1/imports/{import_id}",
        "GET /v1/imports/{import_id}/rejected.csv",
    ),
    "events:write": (
        "POST /v1/events",
        "POST /v1/events/{event_id}/void",
        "POST /v1/events/{event_id}/amend",
        "POST /v1/backfills",
        "POST /v1/backfills/{backfill_id}/close",
        "POST /v1/backfills/{backfill_id}/revert",
        "POST /v1/imports",
        "POST /v1/imports/{import_id}/preview",
        "POST /v1/imports/{import_id}/start",
    ),
    "usage:read": ("GET /v1/overview", "GET /v1/usage", "GET /v1/usage.csv", "GET /v1/unbilled"),
    "meters:read": ("GET /v1/meters", "GET /v1/meters/{meter}"),
    "meters:write": ("POST /v1/meters", "PATCH /v1/meters/{meter}"),
    "catalog:read": (
        "GET /v1/products",
        "GET /v1/products/{product}",
        "GET /v1/plans",
        "GET /v1/plans/{plan}",
        "GET /v1/plans/{plan}/versions/{version}",
        "GET /v1/catalog",
        "POST /v1/prices/evaluate",
        "POST /v1/prices/curve",
    ),
    "catalog:write": (
        "POST /v1/products",
        "PATCH /v1/products/{product}",
        "POST /v1/plans",
        "PATCH /v1/plans/{plan}",
        "POST /v1/plans/{plan}/archive",
        "POST /v1/plans/{plan}/unarchive",
        "POST /v1/plans/{plan}/versions",
        "PATCH /v1/plans/{plan}/versions/{version}",
        "DELETE /v1/plans/{plan}/versions/{version}",
        "POST /v1/plans/{plan}/versions/{version}/publish",
        "POST /v1/catalog/apply",
        "POST /v1/backtests",
        "POST /v1/backtests/{backtest_id}/cancel",
    ),
    "subscriptions:read": (
        "GET /v1/subscriptions",
        "GET /v1/subscriptions/{subscription_id}",
        "GET /v1/subscriptions/{subscription_id}/estimate",
    ),
    "subscriptions:write": (
        "POST /v1/subscriptions",
        "POST /v1/subscriptions/{subscription_id}/change",
        "DELETE /v1/subscriptions/{subscription_id}/changes/{phase_id}",
        "PUT /v1/subscriptions/{subscription_id}/billing-thresholds",
        "POST /v1/subscriptions/{subscription_id}/pause",
        "POST /v1/subscriptions/{subscription_id}/resume",
        "POST /v1/subscriptions/{subscription_id}/cancel",
        "POST /v1/plans/{plan}/versions/{version}/migrate",
    ),
    "billing:read": (
        "GET /v1/backtests",
        "GET /v1/backtests/{backtest_id}",
        "GET /v1/backtests/{backtest_id}/customers",
        "GET /v1/backtests/{backtest_id}/customers.csv",
        "GET /v1/billing-runs",
        "GET /v1/billing-runs/{run_id}",
        "GET /v1/invoices",
        "GET /v1/invoices/{invoice}",
        "GET /v1/invoices/{invoice}/pdf",
        "GET /v1/invoices/{invoice}/csv",
        "GET /v1/invoices/{invoice}/verify",
        "GET /v1/invoices/{invoice}/late-usage",
        "GET /v1/invoices/{invoice}/lines/{position}/explain",
        "GET /v1/invoices/{invoice}/lines/{position}/events",
        "GET /v1/invoices/{invoice}/lines/{position}/events.csv",
        "GET /v1/invoices/{invoice}/lines/{position}/events.ndjson",
        "GET /v1/invoices/{invoice}/share-links",
        "GET /v1/late-usage",
        "GET /v1/invoice-items",
        "GET /v1/credit-notes",
        "GET /v1/credit-notes/{credit_note}",
        "GET /v1/credit-notes/{credit_note}/verify",
        "GET /v1/credit-notes/{credit_note}/pdf",
        "GET /v1/credit-notes/{credit_note}/csv",
        "GET /v1/credit-grants",
        "GET /v1/credit-grants/{grant_id}",
        "GET /v1/credits/balance",
        "GET /v1/credits/ledger",
        "GET /v1/credits/top-up-rules",
        "GET /v1/credits/top-ups",
        "GET /v1/tax-rates",
        "GET /v1/tax-rates/{tax_rate}",
        "GET /v1/coupons",
        "GET /v1/coupons/{coupon}",
        "GET /v1/discounts",
    ),
    "billing:write": (
        "POST /v1/billing-runs",
        "POST /v1/invoices",
        "PATCH /v1/invoices/{invoice}",
        "POST /v1/invoices/{invoice}/finalize",
        "POST /v1/invoices/{invoice}/late-usage",
        "POST /v1/invoices/{invoice}/refresh",
        "POST /v1/invoices/{invoice}/mark-uncollectible",
        "POST /v1/invoices/{invoice}/void",
        "POST /v1/invoices/{invoice}/share-links",
        "DELETE /v1/invoices/{invoice}/share-links/{link_id}",
        "POST /v1/invoice-items",
        "DELETE /v1/invoice-items/{item_id}",
        "POST /v1/credit-notes",
        "POST /v1/credit-notes/{credit_note}/void",
        "POST /v1/credit-grants",
        "POST /v1/credit-grants/{grant_id}/void",
        "PUT /v1/credits/top-up-rules",
        "DELETE /v1/credits/top-up-rules",
        "POST /v1/credits/top-ups",
        "POST /v1/credits/top-ups/{top_up_id}/pay",
        "POST /v1/credits/top-ups/{top_up_id}/cancel",
        "POST /v1/tax-rates",
        "PATCH /v1/tax-rates/{tax_rate}",
        "POST /v1/coupons",
        "POST /v1/coupons/{coupon}/retire",
        "POST /v1/discounts",
        "DELETE /v1/discounts/{discount_id}",
    ),
}

PERMISSION_OF: Final[Mapping[str, Permission]] = {
    route: permission for permission, routes in ROUTES.items() for route in routes
}


class ForbiddenByRole(Forbidden):
    code: ClassVar[str] = "forbidden_by_role"
    title: ClassVar[str] = "Your role does not allow this"


def require_permission(identity: Identity, route: str) -> None:
    """`route` is the method and the path's template.  Raises: ForbiddenByRole, which names the roles that may."""
    if identity.person is None:
        return
    role = identity.person.role
    permission = PERMISSION_OF.get(route)
    if permission is None:
        raise ForbiddenByRole(f"{route} is open to API keys only.")
    if not may(role, permission):
        roles = ", ".join(roles_that_may(permission))
        raise ForbiddenByRole(f"This needs the permission {permission}, which these roles have: {roles}. You: {role}.")
