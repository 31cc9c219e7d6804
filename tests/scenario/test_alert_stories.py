"""Stories of alerts, with a real mail server; the first is the table of docs/guides/alerts.md."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from justpaid import customers, limits
from justpaid.delivery import Mail, MailSender, SmtpServer, enqueue, status_of
from justpaid.kernel.clock import FixedClock
from justpaid.platform import failpoints
from tests.scenario.conftest import Books, Engines

CALLS = {
    "key": "calls",
    "model": "per_unit",
    "meter": "calls",
    "unit_amount": "0.10",
    "included_quantity": "1000",
}
BASE = {"key": "base", "model": "flat", "amount": "20"}
ZERO = timedelta(0)


@dataclass
class Letterbox:
    """What a mail server got. It refuses `unknown`, for good."""

    port: int
    letters: list[EmailMessage] = field(default_factory=list)
    controller: Controller | None = None

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("unknown@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        letter = message_from_bytes(content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"

    def open(self) -> None:
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def close(self) -> None:
        if self.controller is not None:
            self.controller.stop()
            self.controller = None


@pytest.fixture
def letterbox() -> Iterator[Letterbox]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        box = Letterbox(probe.getsockname()[1])
    box.open()
    yield box
    box.close()


@dataclass
class Desk:
    """Books whose alerts are looked at, and whose mail goes out, when the story says so."""

    books: Books
    checker: limits.AlertChecker
    sender: MailSender

    def alert(self, customer: str, measure: Any, to: str = "ann@acme.example", **more: Any) -> str:
        engines = self.books.engines
        with engines.database.tenant(self.books.organisation_id) as session:
            found = customers.find_customer(session, customer)
            new = limits.NewAlert(more.pop("name", "Budget"), measure, recipients=[to], **more)
            return limits.create_alert(session, found, new, made_by="customer", now=engines.clock.now()).id

    def look(self, when: str, *, send: bool = True) -> int:
        """How many alerts fire, and have their e-mails sent, at this local time."""
        self.books.today(when)
        assert self.books.engines.metering.drain(30)
        fired = self.checker.look()
        if send:
            self.sender.send_due()
        return fired

    def standing(self, alert_id: str) -> limits.Standing:
        engines = self.books.engines
        assert engines.metering.drain(30)
        with engines.database.tenant(self.books.organisation_id) as session:
            alert = session.get_one(limits.Alert, alert_id)
            (standing,) = limits.standings(session, engines.metering, [alert], engines.clock.now())
        return standing

    def mails(self) -> list[Mail]:
        with self.books.engines.database.tenant(self.books.organisation_id) as session:
            return list(session.scalars(sa.select(Mail).order_by(Mail.id)))


def server(box: Letterbox) -> SmtpServer:
    return SmtpServer.of(f"smtp://127.0.0.1:{box.port}", "billing@justpaid.example")


@pytest.fixture
def desk(engines: Engines, books: Callable[..., Books], letterbox: Letterbox) -> Desk:
    own = books()
    own.meter("calls", "count")
    own.plan("pro", BASE, CALLS)
    own.customer("acme")
    checker = limits.AlertChecker(engines.database, engines.metering, engines.clock)
    return Desk(own, checker, MailSender(engines.database, engines.clock, server(letterbox)))


def use(books: Books, count: int, when: str, customer: str = "acme") -> None:
    for _ in range(count):
        books.use(customer, when)


def test_the_guides_example(desk: Desk, letterbox: Letterbox) -> None:
    """80 % of ten included calls: fires at the eighth, once in January, again in February."""
    books = desk.books
    books.plan("ten", BASE, {**CALLS, "included_quantity": "10"})
    books.subscribe("acme", "ten", "2026-01-01")
    alert = desk.alert("acme", "usage", meter="calls", percent=Decimal(80), of="included_quantity")
    use(books, 7, "2026-01-05")
    assert (desk.look("2026-01-10"), letterbox.letters) == (0, [])
    standing = desk.standing(alert)
    assert (standing.value, standing.threshold, standing.share) == (7, 8, Decimal("0.875"))
    use(books, 1, "2026-01-11")
    assert desk.look("2026-01-12") == 1
    (letter,) = letterbox.letters
    assert letter["Subject"] == "Budget: 8 reached"
    sender = letter["From"].addresses[0].display_name
    assert letter["To"] == "ann@acme.example"
    assert letter["From"].endswith("<billing@justpaid.example>")
    assert letter.get_content().splitlines() == [
        "The usage of calls by Acme has reached the threshold of your alert “Budget”.",
        "",
        "So far: 8",
        "Threshold: 8 (80% of 10)",
        "Period: Jan 1 – Jan 31, 2026 (UTC)",
        "",
        f"You get this e-mail once in each period. {sender} or its customer portal can change that.",
    ]
    use(books, 5, "2026-01-20")
    assert desk.look("2026-01-25") == 0
    use(books, 8, "2026-02-02")
    assert desk.look("2026-02-03") == 1
    assert desk.look("2026-02-27") == 0
    assert len(letterbox.letters) == 2
    assert len({letter["Message-ID"] for letter in letterbox.letters}) == 2


def test_cost_is_the_estimate_and_last_period_is_what_was_invoiced(desk: Desk) -> None:
    books = desk.books
    subscription = books.subscribe("acme", "pro", "2026-01-01")
    fixed = desk.alert("acme", "cost", amount=Decimal(20), name="fixed")
    half = desk.alert("acme", "cost", percent=Decimal(50), of="last_period", subscription_id=subscription, name="half")
    books.today("2026-01-02")
    assert desk.standing(half).threshold is None
    assert desk.look("2026-01-02") == 1  # the base fee of 20
    books.bill("2026-02-01")
    use(books, 3, "2026-02-02")
    books.today("2026-02-03")
    assert (desk.standing(half).value, desk.standing(half).threshold) == (20, 10)
    assert desk.standing(fixed).value == 20
    assert desk.look("2026-02-03") == 2


def test_what_threshold_invoices_billed_stays_part_of_the_cost(desk: Desk) -> None:
    from justpaid import catalog, invoicing

    books, engines = desk.books, desk.books.engines
    with engines.database.tenant(books.organisation_id) as session:
        price = {**CALLS, "included_quantity": None, "unit_amount": "10"}
        catalog.create_plan(
            session, books.organisation_id, key="early", name="early", currency="USD", interval="month",
            prices=[price], billing_thresholds=[{"amount": "30"}],
        )  # fmt: skip
    books.subscribe("acme", "early", "2026-01-01")
    alert = desk.alert("acme", "cost", amount=Decimal(50))
    use(books, 3, "2026-01-02")
    books.today("2026-01-03")
    assert engines.metering.drain(30)
    now = engines.clock.now()
    assert invoicing.bill_thresholds(engines.database, engines.metering, books.organisation_id, now, now) == 1
    use(books, 1, "2026-01-04")
    books.today("2026-01-05")
    assert desk.standing(alert).value == 40
    use(books, 1, "2026-01-06")
    assert desk.look("2026-01-07") == 1


def test_a_mail_server_that_is_down_gets_each_mail_once_when_it_is_up(desk: Desk, letterbox: Letterbox) -> None:
    desk.books.subscribe("acme", "pro", "2026-01-01")
    desk.alert("acme", "usage", meter="calls", quantity=Decimal(1))
    use(desk.books, 1, "2026-01-02")
    letterbox.close()
    assert desk.look("2026-01-03") == 1
    (mail,) = desk.mails()
    assert (mail.attempts, status_of(mail), bool(mail.error)) == (1, "waiting", True)
    letterbox.open()
    assert desk.sender.send_due() == 0  # not before its time
    desk.books.today("2026-01-03 00:01")
    assert desk.sender.send_due() == 1
    desk.books.today("2026-01-04")
    assert desk.sender.send_due() == 0
    assert [letter["Message-ID"] for letter in letterbox.letters] == [mail.message_id]
    (mail,) = desk.mails()
    assert (mail.attempts, status_of(mail), mail.error) == (2, "sent", None)


def test_a_crash_between_sending_and_marking_sends_again_under_the_same_id(desk: Desk, letterbox: Letterbox) -> None:
    desk.books.subscribe("acme", "pro", "2026-01-01")
    desk.alert("acme", "usage", meter="calls", quantity=Decimal(1))
    use(desk.books, 1, "2026-01-02")
    failpoints.arm("delivery.before_mark=error")
    try:
        with pytest.raises(failpoints.InjectedFailure):
            desk.look("2026-01-03")
    finally:
        failpoints.arm("")
    assert desk.sender.send_due() == 0  # held, as far as anybody knows
    desk.books.today("2026-01-03 00:06")
    assert desk.sender.send_due() == 1
    first, second = letterbox.letters
    assert first["Message-ID"] == second["Message-ID"] == desk.mails()[0].message_id


def test_a_firing_that_is_not_committed_leaves_no_mail(desk: Desk, letterbox: Letterbox) -> None:
    desk.books.subscribe("acme", "pro", "2026-01-01")
    desk.alert("acme", "usage", meter="calls", quantity=Decimal(1))
    use(desk.books, 1, "2026-01-02")
    failpoints.arm("alerts.before_commit=error")
    try:
        with pytest.raises(failpoints.InjectedFailure):
            desk.look("2026-01-03")
    finally:
        failpoints.arm("")
    assert desk.mails() == []
    assert desk.look("2026-01-03") == 1
    assert len(letterbox.letters) == 1


def test_a_mail_is_given_up_after_a_day_and_at_once_where_nobody_lives(desk: Desk, letterbox: Letterbox) -> None:
    desk.books.subscribe("acme", "pro", "2026-01-01")
    desk.alert("acme", "usage", "unknown@acme.example", meter="calls", quantity=Decimal(1))
    use(desk.books, 1, "2026-01-02")
    desk.look("2026-01-03")
    (refused,) = desk.mails()
    assert status_of(refused) == "failed"
    assert "no such mailbox" in (refused.error or "")
    letterbox.close()
    desk.alert("acme", "usage", meter="calls", quantity=Decimal(1))
    assert desk.look("2026-01-03 01:00") == 1
    for when in ("2026-01-03 01:01", "2026-01-03 12:00", "2026-01-04 00:59"):
        desk.books.today(when)
        desk.sender.send_due()
        assert status_of(desk.mails()[-1]) == "waiting"
    desk.books.today("2026-01-04 03:00")
    desk.sender.send_due()
    assert status_of(desk.mails()[-1]) == "failed"
    assert desk.mails()[-1].attempts == 5


def test_mails_wait_until_they_can_be_sent(desk: Desk) -> None:
    desk.books.subscribe("acme", "pro", "2026-01-01")
    desk.alert("acme", "usage", meter="calls", quantity=Decimal(1))
    use(desk.books, 1, "2026-01-02")
    assert desk.look("2026-01-03", send=False) == 1
    assert desk.mails()[0].attempts == 0
    desk.books.today("2026-02-03")
    assert desk.sender.send_due() == 1


def test_no_name_becomes_a_header(engines: Engines, desk: Desk, letterbox: Letterbox) -> None:
    evil = "Eve\r\nBcc: all@acme.example"
    with engines.database.tenant(desk.books.organisation_id) as session:
        enqueue(
            session, desk.books.organisation_id, kind="alert", about="fir_x", sender_name=evil,
            recipient="ann@acme.example", subject=evil, body=".\r\nevil\r\n.\r\n", now=engines.clock.now(),
        )  # fmt: skip
    assert desk.sender.send_due() == 1
    (letter,) = letterbox.letters
    assert letter["Bcc"] is None
    assert letter["Subject"] == "Eve Bcc: all@acme.example"


def test_looks_are_at_whose_usage_is_new_and_at_new_alerts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    books = desk.books
    books.customer("globex")
    for customer in ("acme", "globex"):
        books.subscribe(customer, "pro", "2026-01-01")
        desk.alert(customer, "usage", meter="calls", quantity=Decimal(1), name=customer)
    looked: list[str] = []

    def spied(session: Any, metering: Any, alerts: Any, now: datetime) -> list[limits.Standing]:
        looked.extend(alert.name for alert in alerts)
        return limits.standings(session, metering, alerts, now)

    monkeypatch.setattr("justpaid.limits.checker.standings", spied)

    def own() -> list[str]:
        found, looked[:] = sorted(set(looked) & {"acme", "globex", "new"}), []
        return found

    desk.look("2026-01-02")
    assert own() == ["acme", "globex"]
    desk.look("2026-01-02 00:01")
    assert own() == []
    use(books, 1, "2026-01-02", "globex")
    assert desk.look("2026-01-02 00:02") == 1
    assert own() == ["globex"]
    desk.alert("acme", "usage", meter="calls", quantity=Decimal(1), name="new")
    desk.look("2026-01-02 00:03")
    assert own() == ["new"]
    desk.look("2026-01-02 02:00")
    assert own() == ["acme", "globex", "new"]


def test_two_senders_do_not_share_a_mail(engines: Engines, desk: Desk, letterbox: Letterbox) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with engines.database.tenant(desk.books.organisation_id) as session:
        for place in range(25):
            enqueue(
                session, desk.books.organisation_id, kind="alert", about="fir_y", sender_name="A",
                recipient=f"ann{place}@acme.example", subject="S", body="B", now=engines.clock.now(),
            )  # fmt: skip
    other = MailSender(engines.database, FixedClock(engines.clock.now()), server(letterbox))
    with ThreadPoolExecutor(2) as both:
        sent = [run.result() for run in [both.submit(desk.sender.send_due), both.submit(other.send_due)]]
    assert sum(sent) == 25
    assert len({letter["To"] for letter in letterbox.letters}) == len(letterbox.letters) == 25
