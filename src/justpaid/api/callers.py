"""From where a request comes: the network address, and whether that is this very machine."""

from ipaddress import ip_address
from typing import Final

from starlette.requests import Request

from justpaid.accounts import Client

_FORWARDING: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def client_of(request: Request) -> Client:
    """Behind a proxy on this machine or in a private network, the address that this proxy saw."""
    peer = request.client.host if request.client else ""
    address = peer
    if _is(peer, "is_loopback", "is_private"):
        # The last entry is the nearest proxy's; those before it are what the client claims.
        forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        address = forwarded if _is(forwarded, "is_global", "is_private") else peer
    return Client(address, request.headers.get("user-agent", ""))


def is_local(request: Request) -> bool:
    """Whether a browser on this machine asks, by a name of this machine.

    Not what a proxy passes on, whose own address is local; and not what another name leads here, as in DNS rebinding.
    """
    peer = request.client.host if request.client else ""
    proxied = any(name in request.headers for name in _FORWARDING)
    return _is(peer, "is_loopback") and not proxied and (request.url.hostname or "") in _LOCAL_NAMES


def _is(address: str, *kinds: str) -> bool:
    try:
        known = ip_address(address)
    except ValueError:
        return False
    return any(getattr(known, kind) for kind in kinds)
