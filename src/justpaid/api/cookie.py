"""The session's cookie: out of a request, into an answer.

Source: RFC 6265bis. HttpOnly keeps it from scripts, SameSite=Lax from other sites' forms, Secure from plain http.
"""

from datetime import datetime, timedelta
from typing import Final

from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.responses import Response

from justpaid.accounts import Identity, Lifetime, OpenedSession, identify_session, recall_session
from justpaid.api.installation import Installation
from justpaid.platform.settings import Settings

NAME: Final = "jp_session"


def session_token_in(headers: Headers) -> str | None:
    cookies = headers.get("cookie")
    return cookie_parser(cookies).get(NAME) or None if cookies else None


async def identify_person(installation: Installation, token: str) -> Identity:
    """Raises: NotSignedIn."""
    now = installation.clock.now()
    known = recall_session(installation.database, token, now)
    if known is not None:
        return known
    return await run_sync(identify_session, installation.database, token, now, lifetime(installation.settings).idle)


def lifetime(settings: Settings) -> Lifetime:
    return Lifetime(timedelta(seconds=settings.session_idle_s), timedelta(seconds=settings.session_max_s))


def give_cookie(answer: Response, request: Request, opened: OpenedSession, now: datetime) -> None:
    age_s = int((opened.expires_at - now).total_seconds())
    secure = is_secure(request)
    answer.set_cookie(NAME, opened.token, max_age=age_s, path="/", secure=secure, httponly=True, samesite="lax")


def take_cookie(answer: Response, request: Request) -> None:
    answer.delete_cookie(NAME, path="/", secure=is_secure(request), httponly=True, samesite="lax")


def is_secure(request: Request) -> bool:
    """Whether the browser speaks https, with us or with a proxy before us. A lie of the client's here binds only it."""
    forwarded = request.headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
    return "https" in (request.url.scheme, forwarded)
