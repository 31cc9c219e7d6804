"""The API key in a request's Authorization header."""

from anyio.to_thread import run_sync
from starlette.datastructures import Headers

from justpaid.accounts import Identity, authenticate, recall
from justpaid.kernel.errors import Unauthenticated
from justpaid.platform.database import Database


async def identify_key(database: Database, headers: Headers) -> Identity:
    """Raises: Unauthenticated; its message tells a missing key from a malformed one from an unknown one."""
    secret = _secret_in(headers)
    # A key that was seen lately needs neither a query nor a thread.
    known = recall(database, secret)
    return known if known is not None else await run_sync(authenticate, database, secret)


def _secret_in(headers: Headers) -> str:
    given = headers.getlist("authorization")
    if not given or not given[0].strip():
        raise Unauthenticated("There is no API key in this request. Send it as Authorization: Bearer sk_test_….")
    scheme, _, secret = given[0].strip().partition(" ")
    if len(given) > 1 or scheme.lower() != "bearer" or not secret.strip():
        raise Unauthenticated("The Authorization header is malformed. Send one, as Authorization: Bearer sk_test_….")
    return secret.strip()
