"""Where e-mails go out: an SMTP server, by its address."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP

_TIMEOUT_S: Final = 10.0
_LOCAL: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """`from_address`: whom mails come from. `tls`: from the first byte on (smtps)."""

    host: str
    port: int
    tls: bool
    from_address: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str, from_address: str) -> "SmtpServer":
        """`url`: smtp://user:password@host:port, whose port defaults to 587, or smtps://… with 465."""
        parts = urlsplit(url)
        tls = parts.scheme == "smtps"
        return cls(
            parts.hostname or "localhost",
            parts.port or (465 if tls else 587),
            tls,
            from_address,
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
        )

    def client(self) -> SMTP:
        """Certificates are checked. A password goes in the clear to this machine only: elsewhere STARTTLS is a must."""
        must = self.password is not None and self.host not in _LOCAL
        return SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user,
            password=self.password,
            use_tls=self.tls,
            start_tls=None if self.tls or not must else True,
            timeout=_TIMEOUT_S,
        )
