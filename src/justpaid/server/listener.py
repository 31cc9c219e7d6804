"""The socket that the server listens on."""

import errno
import socket
from dataclasses import dataclass
from typing import Final

from justpaid.kernel.errors import EngineUnavailable

BACKLOG: Final = 1024


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound and listening socket; `address` is what a client on this machine opens."""

    socket: socket.socket
    address: str


def listen(host: str, port: int) -> Listener:
    """Take the port, before anything costly starts. Port 0 takes any free one.

    Raises: EngineUnavailable, naming the setting to change.
    """
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise EngineUnavailable(
            f"The host {host!r} is not known: {error.strerror}. Set JUSTPAID_HOST (--host) to an address of this "
            "machine: 127.0.0.1 for this machine only, 0.0.0.0 for all its interfaces."
        ) from error
    listener = socket.socket(family, kind, protocol)
    try:
        # Without it a restart would have to wait for the connections of the last run to time out.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(target)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise EngineUnavailable(_refusal(host, port, error)) from error
    return Listener(listener, _address(listener))


def _refusal(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"Port {port} on {host} is in use, perhaps by another JustPaid. Stop that program, or set "
                "JUSTPAID_PORT (--port) to another port; --port 0 takes any free one."
            )
        case errno.EACCES | errno.EPERM:
            return f"This user may not listen on port {port}. Set JUSTPAID_PORT (--port) to one from 1024 on."
        case errno.EADDRNOTAVAIL:
            return f"{host} is no address of this machine. Set JUSTPAID_HOST (--host) to 127.0.0.1 or 0.0.0.0."
        case _:
            return (
                f"Port {port} on {host} can't be listened on: {error.strerror}. Set JUSTPAID_HOST and JUSTPAID_PORT "
                "to others."
            )


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if listener.family == socket.AF_INET6:
        return f"http://[{'::1' if host == '::' else host}]:{port}"
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104 (compared, not bound)
