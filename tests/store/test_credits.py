"""Credits and the ledger on a real PostgreSQL: the guide's stories, worked vectors, what the database refuses."""

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from justpaid import credits, ledger
from justpaid.customers import Customer
from justpaid.kernel.errors import Conflict, InvalidRequest
from justpaid.kernel.money import round_to_minor
from justpaid.ledger import NewEntry, Unbalanced, credit, debit
from justpaid.platform.database import Database
from justpaid.platform.embedded_postgres import EmbeddedPostgres
from tests.support.credit_books import START, CreditBooks, open_credit_books

REPOSITORY = Path(__file__).parents[2]
VECTORS = Path(os.environ.get("JUSTPAID_VECTORS") or REPOSITORY.parent / "shared" / "vectors" / "pricing_vectors.json")
GUIDE = (REPOSITORY / "docs" / "guides" / "credits.md").read_text()
STORY = re.compile(r"^\| day \| step \| paid \| left \|\n.*\n((?:\|.*\n)+)", re.M)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("credits") / "postgres") as url:
        database = Database(url)
        database.migrate()
        yield database
        database.close()


@pytest.fixture
def books(database: Database) -> CreditBooks:
    return open_credit_books(database)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def told(text: str) -> dict[str, Any]:
    """The terms of a grant as the guide's tables tell them."""
    more: dict[str, Any] = {}
    if found := re.search(r"expires (\S+)", text):
        more["expires_at"] = day(found[1])
    if found := re.search(r"priority (\d+)", text):
        more["priority"] = int(found[1])
    if found := re.search(r"roll (\d+)% max (\d+) days (\d+)", text):
        percent, maximum, days = found.groups()
        more["rollover"] = credits.Rollover(
            percent=Decimal(percent), maximum=Decimal(maximum), expires_after_days=int(days)
        )
    return more


def take(books: CreditBooks, step: str) -> str:
    """Do what a row of the guide says; what credits paid, where it is a draw."""
    found = re.fullmatch(r"(grant|draw|give back|void|look)(?: `(\w+)`)? ?(.*)", step)
    assert found, step
    verb, name, rest = found.groups()
    match verb:
        case "grant":
            kind, amount = rest.split()[:2]
            books.grant(name, amount, kind, **told(rest))
        case "draw":
            return format(books.draw(rest, name)[1], "f")
        case "give back":
            books.give_back(name)
        case "void":
            books.void(name)
    return ""


@pytest.mark.parametrize("story", STORY.findall(GUIDE), ids=["draw", "expiry", "void"])
def test_the_stories_of_the_guide(books: CreditBooks, story: str) -> None:
    for row in story.splitlines():
        date, step, paid, left = (cell.strip() for cell in row.strip("|").split("|"))
        books.now = day(date)
        assert take(books, step) == paid, row
        expected = {name: Decimal(amount) for name, amount in (part.split() for part in left.split(", "))}
        assert books.remaining() == expected, row
        assert books.balance() == sum(expected.values()), row
        books.check()


def test_each_movement_is_in_the_accounts_that_the_guide_names(books: CreditBooks) -> None:
    books.grant("paid", 100, days=10)
    books.grant("given", 50, "promotional", days=20)
    assert books.accounts() == {
        "payments_clearing": 100, "prepaid_credits": -100, "promotional_allowance": 50, "promotional_credits": -50,
    }  # fmt: skip
    invoice, _ = books.draw(120)
    assert books.accounts() == {
        "payments_clearing": 100, "promotional_allowance": 50, "promotional_credits": -30, "accounts_receivable": -120,
    }  # fmt: skip
    books.now += timedelta(days=10)
    books.give_back(invoice)  # 100 of it came from what has expired by now
    assert books.accounts() == {
        "payments_clearing": 100, "breakage_revenue": -100, "promotional_allowance": 50, "promotional_credits": -50,
    }  # fmt: skip
    books.void("given")
    assert books.accounts() == {"payments_clearing": 100, "breakage_revenue": -100}
    books.check()


def test_an_expiry_is_dated_at_its_instant_whenever_it_is_found(books: CreditBooks) -> None:
    books.grant("short", 10, days=1)
    books.now += timedelta(days=400)
    assert books.balance() == 0
    with books.session() as session:
        (expiry, _) = ledger.list_entries(session, books.customer_id, limit=10)
    assert (expiry.reason, expiry.effective_at) == ("credit_expiry", START + timedelta(days=1))


def test_credits_of_another_currency_or_of_later_are_not_drawn(books: CreditBooks) -> None:
    books.grant("euro", 10, currency="EUR")
    books.grant("later", 10, effective_at=START + timedelta(days=5))
    assert books.draw(7)[1] == 0
    books.now += timedelta(days=5)
    assert books.draw(7)[1] == 7
    assert (books.balance("EUR"), books.balance()) == (10, 3)


def test_an_invoice_draws_once(books: CreditBooks) -> None:
    books.grant("paid", 100)
    invoice, _ = books.draw(10)
    with pytest.raises(sa.exc.IntegrityError):
        books.draw(10, invoice)
    books.give_back(invoice)
    with pytest.raises(sa.exc.IntegrityError):
        books.give_back(invoice)
    assert books.balance() == 100
    books.check()


@pytest.mark.parametrize(
    ("field", "terms"),
    [
        ("amount", {"amount": "0"}),
        ("amount", {"amount": "0.001"}),
        ("amount", {"amount": "1e15"}),
        ("amount", {"amount": "0.5", "currency": "JPY"}),
        ("currency", {"amount": "1", "currency": "XXQ"}),
        ("priority", {"amount": "1", "priority": 101}),
        ("expires_at", {"amount": "1", "expires_at": START}),
        ("rollover", {"amount": "1", "rollover": credits.Rollover(percent=Decimal(1))}),
        ("rollover.percent", {"amount": "1", "days": 1, "rollover": credits.Rollover(percent=Decimal(101))}),
    ],
)
def test_what_can_not_be_granted(books: CreditBooks, field: str, terms: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        books.grant("bad", **terms)
    assert [error.field for error in refused.value.errors] == [field]
    assert books.remaining() == {}


def test_a_grant_of_which_nothing_is_left_can_not_be_voided(books: CreditBooks) -> None:
    books.grant("paid", 1)
    books.draw(1)
    with pytest.raises(Conflict, match="depleted"):
        books.void("paid")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_postings SET amount = amount * 2",
        "UPDATE ledger_entries SET reason = 'other'",
        "DELETE FROM ledger_postings",
        "DELETE FROM ledger_entries",
        "UPDATE ledger_accounts SET kind = 'breakage_revenue'",
    ],
)
def test_the_database_refuses_to_change_the_ledger(books: CreditBooks, statement: str) -> None:
    books.grant("paid", 100)
    with pytest.raises(sa.exc.IntegrityError, match="only added to"), books.session() as session:
        session.execute(sa.text(statement))


def test_the_database_refuses_an_entry_that_does_not_balance(books: CreditBooks) -> None:
    entry = NewEntry(
        books.customer_id, "USD", "test", "one", books.now,
        [debit("accounts_receivable", Decimal(5)), credit("breakage_revenue", Decimal(5))],
    )  # fmt: skip
    skewed = sa.text(
        "INSERT INTO ledger_postings SELECT entry_id, 3, account_id, 1, NULL, organisation_id "
        "FROM ledger_postings WHERE position = 1"
    )
    with books.session() as session:
        ledger.post(session, books.organisation_id, [entry])
    with pytest.raises(sa.exc.IntegrityError, match="does not balance"), books.session() as session:
        session.execute(skewed)
    balanced = sa.text(
        "INSERT INTO ledger_postings SELECT entry_id, position + 2, account_id, amount, NULL, "
        "organisation_id FROM ledger_postings"
    )
    with pytest.raises(sa.exc.IntegrityError, match="does not balance"), books.session() as session:
        session.execute(balanced)  # balances, but the entry is of another transaction
    with pytest.raises(Unbalanced):
        NewEntry(books.customer_id, "USD", "test", "two", books.now, [debit("accounts_receivable", Decimal(5))])


def test_the_checks_bite(books: CreditBooks) -> None:
    books.grant("paid", 100)
    with books.session() as session:
        session.execute(sa.update(credits.CreditGrant).values(remaining=99))
        assert "not what the ledger holds" in "".join(credits.check_credits(session))
        session.rollback()


def test_a_low_balance_orders_one_top_up_that_its_payment_grants(books: CreditBooks) -> None:
    rule = credits.NewTopUpRule(threshold=Decimal(20), amount=Decimal(100), expires_after_days=30)
    with books.session() as session:
        customer = session.get_one(Customer, books.customer_id)
        credits.set_top_up_rule(session, customer, rule, books.now)
    books.draw(5)
    with books.session() as session:
        (due,) = credits.list_top_ups(session, limit=10)
        assert (due.status, due.amount, due.automatic, due.grant_id) == ("due", 100, True, None)
        credits.record_payment(session, due, books.now)
    assert books.balance() == 100
    books.draw(90)
    with books.session() as session:
        again, _ = credits.list_top_ups(session, limit=10)
        assert again.status == "due"
        with pytest.raises(Conflict):
            credits.record_payment(session, credits.find_top_up(session, due.id), books.now)
        credits.cancel_top_up(session, again, books.now)
    books.check()


def test_a_top_up_granted_at_once_is_withdrawn_with_its_cancellation(books: CreditBooks) -> None:
    rule = credits.NewTopUpRule(threshold=Decimal(20), amount=Decimal(100), grant_at="once")
    with books.session() as session:
        customer = session.get_one(Customer, books.customer_id)
        credits.set_top_up_rule(session, customer, rule, books.now)
    assert books.balance() == 100
    books.draw(30)
    with books.session() as session:
        customer = session.get_one(Customer, books.customer_id)
        credits.remove_top_up_rule(session, customer, "USD")
        (due,) = credits.list_top_ups(session, limit=10)
        credits.cancel_top_up(session, due, books.now)
    assert books.balance() == 0
    assert books.accounts() == {"payments_clearing": 30, "accounts_receivable": -30}
    books.check()


def vectors(model: str) -> list[dict[str, Any]]:
    if not VECTORS.exists():
        return []
    return [vector for vector in json.loads(VECTORS.read_text())["vectors"] if vector["model"] == model]


def by_id(vector: dict[str, Any]) -> str:
    return str(vector["id"])


@pytest.mark.parametrize("vector", vectors("grant_burn_down"), ids=by_id)
def test_grants_burn_down(books: CreditBooks, vector: dict[str, Any]) -> None:
    steps: list[tuple[datetime, str, Any]] = []
    for grant in vector["params"]["grants"]:
        steps.append((datetime.fromisoformat(grant["effective_at"]), "grant", grant))
        if "voided_at" in grant:
            steps.append((datetime.fromisoformat(grant["voided_at"]), "void", grant["id"]))
    steps += [(datetime.fromisoformat(e["timestamp"]), "draw", Decimal(e["value"])) for e in vector["events"]]
    overage = Decimal(0)
    for books.now, verb, what in sorted(steps, key=lambda step: step[0]):
        if verb == "grant":
            books.grant(what["id"], what["amount"], priority=what["priority"], days=what["expires_after_days"])
        elif verb == "void":
            books.void(what)
        else:
            overage += what - books.draw(what)[1]
    expected = vector["expected"]
    assert books.remaining() == {name: Decimal(left) for name, left in expected["balances"].items()}
    assert overage == Decimal(expected["overage"])
    books.check()


@pytest.mark.parametrize("vector", vectors("prepaid_credits"), ids=by_id)
def test_credits_pay_the_total_with_tax(books: CreditBooks, vector: dict[str, Any]) -> None:
    params = vector["params"]
    books.grant("wallet", params["wallet"])
    for step in vector["expected"]["steps"]:
        gross = round_to_minor(Decimal(step["fee"]) * (1 + Decimal(params["tax_percent"]) / 100), "USD")
        assert gross == Decimal(step["gross"])
        paid = books.draw(gross)[1]
        assert (paid, gross - paid) == (Decimal(step["credit_used"]), Decimal(step["due"]))
        assert books.balance() == Decimal(step["wallet_after"])


@pytest.mark.parametrize("vector", vectors("prepaid_credits_rounding"), ids=by_id)
def test_credits_never_pay_more_than_the_rounded_total(books: CreditBooks, vector: dict[str, Any]) -> None:
    """The minor unit of no named currency: in yen, whose minor unit is its only unit."""
    params, expected = vector["params"], vector["expected"]
    books.grant("wallet", params["wallet_minor"], currency="JPY")
    net = sum((round_to_minor(Decimal(fee), "JPY") for fee in params["fees_precise_minor"]), Decimal(0))
    gross = net + round_to_minor(net * Decimal(params["tax_percent"]) / 100, "JPY")
    assert (str(net), str(gross)) == (expected["fees_minor"], expected["gross_minor"])
    paid = books.draw(gross, currency="JPY")[1]
    assert (str(paid), str(gross - paid)) == (expected["credit_used_minor"], vector["expected_amount"])
    assert str(books.balance("JPY")) == expected["wallet_after_minor"]


@pytest.mark.parametrize("vector", vectors("credits_applied"), ids=by_id)
def test_credits_pay_charges_in_their_order(vector: dict[str, Any]) -> None:
    params = vector["params"]
    charges = [Decimal(tier["flat_amount"]) for tier in params["tiers"] if Decimal(tier["flat_amount"])]
    if "minimum" in params:
        charges.append(Decimal(params["minimum"]) - sum(charges))
    drawn = credits.burn_down(charges, [(f"g{i}", Decimal(held)) for i, held in enumerate(params["credits"])])
    per_line = [sum((one.amount for one in draws), Decimal(0)) for draws in drawn]
    assert per_line == [Decimal(amount) for amount in vector["expected"]["credit_per_line"]]
    assert sum(charges) - sum(per_line) == Decimal(vector["expected_amount"])
