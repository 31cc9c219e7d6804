"""The door of the API, the same for every route: who sends a request, and may they?

An API key acts in full. A person's session, known by its cookie, acts as far as the role goes; and because browsers
send cookies by themselves, its requests that change something carry a token that other sites can't know.
"""

from typing import ClassVar, Final

from starlette.datastructures import Headers
from starlette.types import Scope

from justpaid.accounts import Identity, is_csrf_token
from justpaid.api.bearer import identify_key
from justpaid.api.cookie import identify_person, session_token_in
from justpaid.api.installation import Installation
from justpaid.api.logged_requests import ADMITTED
from justpaid.api.permissions import require_permission
from justpaid.kernel.errors import Forbidden

CSRF_HEADER: Final = "X-CSRF-Token"
_SAFE: Final = frozenset({"GET", "HEAD"})


class CsrfFailed(Forbidden):
    code: ClassVar[str] = "csrf_failed"
    title: ClassVar[str] = "This request does not come from the session's own page"


async def admit(installation: Installation, scope: Scope, route: str) -> Identity:
    """Who acts, once it is clear that they may. `route`: the method and the path's template.

    From here on the request log knows whose request it is, also one that is refused.
    Raises: Unauthenticated, CsrfFailed, ForbiddenByRole.
    """
    headers = Headers(scope=scope)
    token = session_token_in(headers)
    if token is None or "authorization" in headers:
        identity = await identify_key(installation.database, headers)
        scope[ADMITTED] = (identity, route)
        return identity
    identity = await identify_person(installation, token)
    scope[ADMITTED] = (identity, route)
    require_csrf(scope["method"], headers, token)
    require_permission(identity, route)
    return identity


def require_csrf(method: str, headers: Headers, session_token: str) -> None:
    """Raises: CsrfFailed."""
    if method not in _SAFE and not is_csrf_token(session_token, headers.get(CSRF_HEADER, "")):
        raise CsrfFailed(f"Send the csrf_token of GET /v1/auth/session in the header {CSRF_HEADER}.")


def require_same_site(headers: Headers) -> None:
    """For what changes something before anybody is signed in. Browsers say so themselves where another site asks.

    Source: https://www.w3.org/TR/fetch-metadata/  Raises: CsrfFailed.
    """
    if headers.get("sec-fetch-site", "same-origin") == "cross-site":
        raise CsrfFailed("Another site's page sent this. Open JustPaid itself.")
