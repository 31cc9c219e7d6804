"""Stories of tax by product; the table is in docs/guides/invoices.md."""

from collections.abc import Callable
from typing import Any

import pytest

from justpaid import catalog, invoicing
from justpaid.kernel.errors import InvalidRequest
from tests.scenario.conftest import Books, Engines, money
from tests.scenario.test_totals_stories import Till


@pytest.fixture
def shop(engines: Engines, books: Callable[..., Books]) -> Till:
    """E-books, support and training, sold to three countries."""
    till = Till(engines, books().organisation_id)
    for key, percent, country, default in (
        ("de-19", "19", "DE", True),
        ("de-7", "7", "DE", False),
        ("fr-20", "20", "FR", True),
        ("fr-5", "5.5", "FR", False),
        ("it-22", "22", "IT", True),
        ("de-16", "16", "DE", False),
    ):
        till.tax_rate(key, percent, country=country, default=default)
    product(till, "ebooks", ["de-7", "fr-5"])
    product(till, "training", [])
    product(till, "support", None)
    till.plan(
        "bundle",
        {"key": "ebooks", "model": "flat", "amount": "100", "product": "ebooks"},
        {"key": "support", "model": "flat", "amount": "200", "product": "support"},
        {"key": "training", "model": "flat", "amount": "50", "product": "training"},
    )
    return till


def product(till: Till, key: str, tax_rates: list[str] | None) -> None:
    with till.engines.database.tenant(till.organisation_id) as session:
        catalog.create_product(session, till.organisation_id, key=key, tax_rates=tax_rates)


def buyer(till: Till, name: str, **about: Any) -> None:
    till.customer(name)
    till.of_customer(name, **about)
    till.subscribe(name, "bundle", "2026-01-01")


def taxes_of(till: Till, number: str) -> list[str]:
    """Of each line, its percentages."""
    with till.engines.database.tenant(till.organisation_id) as session:
        lines = list(invoicing.find_invoice(session, number).lines)
    return [" ".join(f"{tax['percent']}%" for tax in line.taxes) for line in lines]


VAT = [{"type": "eu_vat", "value": "DE136695976"}]


@pytest.mark.parametrize(
    ("about", "rates", "total"),
    [
        ({"address": {"country": "DE"}}, ["7%", "19%", ""], "395"),
        ({"address": {"country": "FR"}}, ["5.5%", "20%", ""], "395.50"),
        ({"address": {"country": "IT"}}, ["22%", "22%", ""], "416"),
        ({"address": {"country": "DE"}, "tax_rates": ["de-16"]}, ["7%", "16%", ""], "389"),
        ({"address": {"country": "DE"}, "tax_status": "exempt"}, ["", "", ""], "350"),
        ({"address": {"country": "DE"}, "tax_status": "reverse_charge", "tax_ids": VAT}, ["", "", ""], "350"),
    ],
)
def test_a_products_rates_come_after_the_customers_status_and_before_its_own(
    shop: Till, about: dict[str, Any], rates: list[str], total: str
) -> None:
    buyer(shop, "acme", **about)
    shop.today("2026-02-01")
    assert shop.bill("2026-02-01") == (1, 1)
    assert taxes_of(shop, "INV-000001") == rates
    assert [row[3] for row in shop.invoices()] == [total]


def test_a_change_of_a_product_reaches_drafts_and_estimates_but_nothing_issued(shop: Till) -> None:
    buyer(shop, "acme", address={"country": "DE"})
    shop.today("2026-02-01")
    shop.bill("2026-02-01")
    with shop.engines.database.tenant(shop.organisation_id) as session:
        found = catalog.find_product(session, "ebooks")
        catalog.change_product(session, found, {"tax_rates": None})
    shop.check()  # verifies what is issued by the copies on it
    assert taxes_of(shop, "INV-000001") == ["7%", "19%", ""]
    shop.today("2026-03-01")
    assert shop.bill("2026-03-01", finalize=False) == (1, 0)
    with shop.engines.database.tenant(shop.organisation_id) as session:
        found = catalog.find_product(session, "training")
        catalog.change_product(session, found, {"tax_rates": ["de-19"]})
        draft = invoicing.list_invoices(session, limit=1)[0]
        assert money(draft.total) == "407"  # 119 + 238 + 50
        invoicing.finalize_invoice(session, shop.engines.metering, draft, shop.engines.clock.now())
    assert taxes_of(shop, "INV-000002") == ["19%", "19%", "19%"]
    assert shop.invoices()[1][3] == "416.50"  # 119 + 238 + 59.50


def test_a_product_names_rates_that_exist(shop: Till) -> None:
    with pytest.raises(InvalidRequest) as refused:
        product(shop, "games", ["de-19", "de-99"])
    assert [error.field for error in refused.value.errors] == ["tax_rates.1"]


def test_the_catalogue_as_a_file_keeps_the_rates_of_products(shop: Till) -> None:
    with shop.engines.database.tenant(shop.organisation_id) as session:
        exported = catalog.catalog_document(session)["products"]
    assert exported == [
        {"key": "ebooks", "tax_rates": ["de-7", "fr-5"]},
        {"key": "support"},
        {"key": "training", "tax_rates": []},
    ]
    declared = [catalog.DeclaredProduct(key="ebooks", tax_rates=("de-7",)), catalog.DeclaredProduct(key="support")]
    with shop.engines.database.tenant(shop.organisation_id) as session:
        changes = catalog.apply_catalog(session, shop.organisation_id, declared, [])
        assert [(one.key, one.action) for one in changes] == [("ebooks", "change"), ("support", "none")]
    wrong = [catalog.DeclaredProduct(key="support"), catalog.DeclaredProduct(key="ebooks", tax_rates=("de-99",))]
    with shop.engines.database.tenant(shop.organisation_id) as session, pytest.raises(InvalidRequest) as refused:
        catalog.apply_catalog(session, shop.organisation_id, wrong, [])
    assert [error.field for error in refused.value.errors] == ["products.1.tax_rates.0"]
