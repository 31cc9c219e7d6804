"""`justpaid demo`."""

import os
import secrets
import signal
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from justpaid.cli.failures import CommandFailed
from justpaid.cli.output import answers
from justpaid.cli.serve import DataDir, Host, Port, announce, started, stopped
from justpaid.kernel.errors import JustPaidError
from justpaid.platform.settings import Settings, load_settings
from justpaid.platform.telemetry import configure_logging

if TYPE_CHECKING:
    from justpaid.installation import Installation


_TIDY_S: Final = 5.0
#: E-mail address and name of the one who is signed in.
_OWNER: Final = ("demo@rainbow.example", "Demo Owner")


def demo(data_dir: DataDir = None, host: Host = None, port: Port = None) -> None:
    """Start the server with an AI company on it: a month of real usage, invoices issued, traffic flowing."""
    settings = _named(_with_key(load_settings(data_dir=data_dir or _default_folder(), host=host)))
    configure_logging("warning" if settings.log_level == "info" else settings.log_level, settings.log_format)
    started(settings)
    from justpaid.server import Hooks
    from justpaid.server import serve as run

    story = _Story(settings)
    run(settings, Hooks(on_ready=story.begin, on_stop=story.stop.set), port=port)
    story.end()
    stopped(settings)


class _Story:
    """The demo in a thread beside the server that it talks to. If it fails, the server stops."""

    def __init__(self, settings: Settings) -> None:
        self.stop = threading.Event()
        self.failure: CommandFailed | None = None
        key = settings.bootstrap_api_key
        self._secret = key.get_secret_value() if key else ""
        self._thread: threading.Thread | None = None

    def begin(self, address: str, installation: "Installation") -> None:
        announce(address, installation, set_up=False)
        self._thread = threading.Thread(target=self._tell, args=(address, installation), name="demo", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Let it put the terminal in order.  Raises: CommandFailed if it was the demo that failed."""
        if self._thread is not None:
            self._thread.join(_TIDY_S)
        if self.failure is not None:
            raise self.failure

    def _tell(self, address: str, installation: "Installation") -> None:
        from justpaid import demo as story

        try:
            invite = partial(_sign_in_token, installation, self._secret)
            story.run(address, self._secret, answers(), sign_in_token=invite, stop=self.stop)
        except Exception as error:
            # What fails because the server is stopping is no failure of the demo.
            if not self.stop.is_set():
                reason = error.detail if isinstance(error, JustPaidError) else f"{type(error).__name__}: {error}"
                self.failure = CommandFailed(f"The demo stopped: {reason}")
                os.kill(os.getpid(), signal.SIGTERM)


def _sign_in_token(installation: "Installation", secret: str) -> str:
    """What signs a browser in, once, as the demo's owner."""
    from justpaid import accounts

    now = installation.clock.now()
    organisation_id = accounts.authenticate(installation.database, secret).organisation_id
    with installation.database.system() as session:
        owner = accounts.find_or_create_user(session, *_OWNER)
        accounts.join_pair(session, organisation_id, owner, "owner", now)
        return accounts.issue_sign_in_link(session, owner.email, now, organisation_id)


def _default_folder() -> Path | None:
    """Beside the data folder of real use, unless the environment names one."""
    if os.environ.get("JUSTPAID_DATA_DIR"):
        return None
    usual = load_settings().data_dir
    return usual.with_name(f"{usual.name}-demo")


def _with_key(settings: Settings) -> Settings:
    """The settings with an API key: the given one, else a random one that stays with the data."""
    if settings.bootstrap_api_key is not None:
        return settings
    file = settings.data_dir / "demo-api-key"
    if not file.exists():
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as new:
            new.write(f"sk_test_{secrets.token_hex(16)}\n")
    return settings.model_copy(update={"bootstrap_api_key": SecretStr(file.read_text().strip())})


def _named(settings: Settings) -> Settings:
    """The settings with the name that the company's invoices carry: the given one, else that of the story."""
    from justpaid.demo import COMPANY

    return settings.model_copy(update={"organisation_name": settings.organisation_name or COMPANY})
