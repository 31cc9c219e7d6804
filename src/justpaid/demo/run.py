"""The demo from beginning to end: make the company, send its usage, bill last month, then keep traffic flowing."""

import threading
import uuid
from collections.abc import Callable
from datetime import datetime

from rich.console import Console
from rich.markup import escape

from justpaid.demo.cast import CUSTOMERS
from justpaid.demo.client import Api, Json, Stopped
from justpaid.demo.commands import next_commands
from justpaid.demo.establish import Cast, establish, subscribe
from justpaid.demo.history import History, send
from justpaid.demo.live import LiveTraffic
from justpaid.demo.offer import METERS, PLANS
from justpaid.demo.onair import broadcast, show, tell
from justpaid.demo.report import estimate_rows, invoice_rows, issued_invoices, shown_invoice
from justpaid.demo.show import Screen
from justpaid.demo.trace import load_trace
from justpaid.kernel.clock import Clock, SystemClock


def run(
    address: str,
    secret: str,
    console: Console,
    *,
    sign_in_token: Callable[[], str] | None = None,
    stop: threading.Event | None = None,
    clock: Clock | None = None,
) -> None:
    """Play the demo against the server at `address` with the API key `secret`; returns once `stop` is set.

    `sign_in_token` makes what signs a browser in once; it is asked for when everything is there to be seen.

    It may be started again on the same data: what exists is found, what was sent is not counted twice.
    Raises: JustPaidError as the server gives it; EngineUnavailable when the server does not answer.
    """
    ended = stop or threading.Event()
    api = Api(address, secret, ended)
    try:
        _Play(api, Screen(console), clock or SystemClock(), ended).run(address, secret, sign_in_token)
    except Stopped:
        pass  # asked for
    finally:
        api.close()


class _Play:
    def __init__(self, api: Api, screen: Screen, clock: Clock, stop: threading.Event) -> None:
        self._api = api
        self._screen = screen
        self._clock = clock
        self._stop = stop

    def run(self, address: str, secret: str, sign_in_token: Callable[[], str] | None) -> None:
        calls = load_trace()
        self._screen.opening(len(calls))
        cast = self._establish()
        now = self._clock.now()
        starts = cast.starts(now)
        self._send(History.of(calls, now, starts))
        subscriptions = subscribe(self._api, cast, starts)
        invoices = self._bill(now)
        invoice = shown_invoice(invoices, cast.ids)
        self._tell(cast, invoices, invoice, subscriptions)
        self._invite(address, secret, invoice, now)
        if sign_in_token is not None:
            self._screen.line("[bold]The dashboard[/], by a link that signs you in once, within 15 minutes:")
            self._screen.line(f"{address}/sign-in#token={sign_in_token()}")
            self._screen.line()
        self._go_live(LiveTraffic(calls, uuid.uuid4().hex[:12], self._clock.now()), subscriptions)

    def _establish(self) -> Cast:
        cast = establish(self._api)
        verb = "made" if cast.is_new else "found"
        self._screen.done(f"{len(METERS)} meters, {len(PLANS)} plans and {len(CUSTOMERS)} customers {verb}")
        return cast

    def _send(self, history: History) -> None:
        with self._screen.progress("Sending usage", history.count) as progress:
            sent = send(self._api, history, progress)
        per_second = round(sent.events / sent.seconds) if sent.seconds else 0
        known = f", {sent.duplicates:,} of them known already and not counted again" if sent.duplicates else ""
        self._screen.done(
            f"{sent.events:,} events of last month and this month sent in {sent.seconds:.1f} s "
            f"({per_second:,} a second){known}"
        )

    def _bill(self, now: datetime) -> list[Json]:
        self._api.post("/v1/billing-runs", {"as_of": now.isoformat(), "finalize": True})
        invoices = issued_invoices(self._api)
        self._screen.done(f"{len(invoices)} invoices issued")
        return invoices

    def _tell(self, cast: Cast, invoices: list[Json], invoice: Json | None, subscriptions: dict[str, Json]) -> None:
        self._screen.invoices(invoice_rows(invoices, cast.ids))
        if invoice is not None:
            opened = self._api.get(f"/v1/invoices/{invoice['id']}")
            self._screen.arithmetic(
                opened, next(c.name for c in CUSTOMERS if cast.ids[c.key] == invoice["customer_id"])
            )
        if not self._screen.is_terminal:  # on a terminal they stand beside the live traffic
            self._screen.estimates(estimate_rows(self._api, subscriptions))

    def _go_live(self, traffic: LiveTraffic, subscriptions: dict[str, Json]) -> None:
        rates = broadcast(self._api, traffic, self._clock, self._stop)
        if self._screen.is_terminal:
            show(self._screen, rates, lambda: estimate_rows(self._api, subscriptions))
        else:
            tell(self._screen, rates)

    def _invite(self, address: str, secret: str, invoice: Json | None, now: datetime) -> None:
        self._screen.line()
        self._screen.line(f"[bold]The API[/]  {address}   [bold]key[/]  {secret}")
        self._screen.line()
        for purpose, command in next_commands(address, secret, invoice, now):
            self._screen.line(f"# {purpose}", dim=True)
            self._screen.line(escape(command))
        self._screen.line()
