"""What each role may do. A permission is `<what>:read` or `<what>:write`; which route needs which is `api/permissions`.

API keys have no role: a key may do all that its organisation can. So whoever may issue keys (`api_keys:write`) can do
the same by a key; only owners are out of a key's reach.
"""

from collections.abc import Mapping
from typing import Final, Literal, get_args

Role = Literal["owner", "admin", "finance", "developer", "viewer"]
Permission = Literal[
    "organisation:read",
    "organisation:write",
    "members:read",
    "members:write",
    "api_keys:read",
    "api_keys:write",
    "audit_log:read",
    "request_log:read",
    "installation:read",
    "customers:read",
    "customers:write",
    "events:read",
    "events:write",
    "usage:read",
    "meters:read",
    "meters:write",
    "catalog:read",
    "catalog:write",
    "subscriptions:read",
    "subscriptions:write",
    "billing:read",
    "billing:write",
]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
PERMISSIONS: Final[tuple[Permission, ...]] = get_args(Permission)

_VIEWED: Final = frozenset[Permission](
    {
        "organisation:read",
        "members:read",
        "customers:read",
        "events:read",
        "usage:read",
        "meters:read",
        "catalog:read",
        "subscriptions:read",
        "billing:read",
    }
)
_FINANCE: Final = frozenset[Permission](
    {"audit_log:read", "customers:write", "catalog:write", "subscriptions:write", "billing:write"}
)
_DEVELOPER: Final = frozenset[Permission](
    {
        "api_keys:read",
        "api_keys:write",
        "audit_log:read",
        "request_log:read",
        "installation:read",
        "customers:write",
        "events:write",
        "meters:write",
    }
)

PERMISSIONS_OF: Final[Mapping[Role, frozenset[Permission]]] = {
    "owner": frozenset(PERMISSIONS),
    "admin": frozenset(PERMISSIONS),
    "finance": _VIEWED | _FINANCE,
    "developer": _VIEWED | _DEVELOPER,
    "viewer": _VIEWED,
}


def may(role: Role, permission: Permission) -> bool:
    return permission in PERMISSIONS_OF[role]


def roles_that_may(permission: Permission) -> list[Role]:
    """The most powerful first."""
    return [role for role in ROLES if may(role, permission)]
