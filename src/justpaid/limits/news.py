"""The e-mail of a firing: plain text, figures as the organisation's language writes them."""

from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import format_percent

from justpaid.accounts import Organisation, settings_of
from justpaid.invoicing import Figures
from justpaid.kernel.decimals import EXACT
from justpaid.limits.standing import Standing
from justpaid.limits.words import words_of


@dataclass(frozen=True, slots=True)
class News:
    sender_name: str
    subject: str
    body: str


def news_of(standing: Standing, organisation: Organisation) -> News:
    """Of an alert that is reached."""
    seller = settings_of(organisation.settings).seller
    name = seller.legal_name or organisation.name
    words, figures = words_of(seller.locale), Figures.of(seller.locale)
    alert, customer, period = standing.alert, standing.customer, standing.period
    assert period is not None
    assert standing.value is not None
    assert standing.threshold is not None

    def shown(value: Decimal) -> str:
        return figures.rate(value, alert.currency) if alert.currency else figures.quantity(value)

    threshold = shown(standing.threshold)
    detail = threshold
    if alert.percent is not None:
        whole = EXACT.divide(EXACT.multiply(standing.threshold, Decimal(100)), alert.percent)
        # Babel's percent format takes a fraction; its places are kept.
        percent = format_percent(alert.percent.scaleb(-2, EXACT), "#,##0.############%", locale=figures.locale)
        detail = f"{threshold} ({words['of'].format(percent=percent, whole=shown(whole))})"
    meter = standing.meter.name if standing.meter else ""
    rows = [
        (words["so_far"], shown(standing.value)),
        (words["threshold"], detail),
        (words["period"], f"{figures.days(period, customer.timezone)} ({customer.timezone})"),
    ]
    body = "\n".join([
        words[alert.measure].format(meter=meter, customer=customer.name, name=alert.name),
        "",
        *(f"{label}: {text}" for label, text in rows),
        "",
        words["footer"].format(organisation=name),
        "",
    ])  # fmt: skip
    return News(name, words["subject"].format(name=alert.name, threshold=threshold), body)
