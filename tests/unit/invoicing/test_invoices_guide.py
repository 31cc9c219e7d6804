"""The invoice guide's figures are true: each row of its tables is settled or credited and compared."""

import re
from decimal import Decimal
from pathlib import Path

from justpaid.invoicing.crediting import Creditable, Portion, credit_of, credit_total
from justpaid.invoicing.totals import Charge, Discount, LineTax, Rate, settle

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "invoices.md").read_text()


def rows(first_column: str) -> list[list[str]]:
    """The cells of the table whose first heading is that."""
    table = GUIDE[GUIDE.index(f"| {first_column} |") :].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def discount(text: str) -> Discount:
    number = Decimal(text.rstrip("%"))
    percent, amount = (number, None) if text.endswith("%") else (None, number)
    return Discount("dis_1", "SAVE", "Save", percent, amount)


def test_what_invoices_add_up_to() -> None:
    table = rows("lines")
    assert len(table) >= 9
    for lines, off, tax, *figures in table:
        found = re.fullmatch(r"(\d+)( contained)?", tax)
        rates = (Rate("vat", "VAT", Decimal(found[1]), inclusive=bool(found[2])),) if found else ()
        charges = [Charge(Decimal(line), rates) for line in lines.split(", ")]
        totals = settle(charges, [discount(one) for one in off.split(", ") if one], "USD")
        ours = [totals.discount, totals.tax, totals.tax_included, totals.total]
        assert ours == [Decimal(figure) for figure in figures], lines


def test_how_credit_notes_share_out() -> None:
    vat = Rate("vat", "VAT", Decimal(19), inclusive=False)
    line = Creditable(Portion(Decimal(100), (LineTax(vat, Decimal(19)),)))
    table = rows("on 100 with 19 tax")
    assert len(table) == 3
    for how, *figures in table:
        match how.split(", "):
            case ["by line", amount]:
                portion = credit_of(line, Decimal(amount), "USD")
            case ["by amount", amount]:
                (portion,) = credit_total([line], Decimal(amount), "USD")
            case _:
                portion = credit_of(line, line.left, "USD")
        line = Creditable(line.whole, (*line.credited, portion))
        ours = [portion.amount, portion.tax, portion.total, line.total_left]
        assert ours == [Decimal(figure) for figure in figures], how
