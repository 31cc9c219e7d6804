"""What a customer's tax fields have to be together."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from justpaid.kernel.errors import InvalidRequest
from justpaid.taxes import check_known, check_tax_id


def check_tax(session: Session, status: str, tax_ids: Sequence[dict[str, str]], rates: Sequence[str] | None) -> None:
    """Raises: InvalidRequest for a rate that is not there, or a reverse charge to nobody's tax id.

    Source: Directive 2006/112/EC, article 226(4): a reverse-charged invoice carries the customer's VAT number.
    """
    if status == "reverse_charge" and not tax_ids:
        raise InvalidRequest.of("tax_status", "reverse_charge needs the customer's tax id in tax_ids")
    if rates:
        check_known(session, "tax_rates", rates)


def compact(tax_ids: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """As they are kept and printed: without spaces and dots, in capitals."""
    return [{"type": one["type"], "value": check_tax_id(one["type"], one["value"])} for one in tax_ids]
