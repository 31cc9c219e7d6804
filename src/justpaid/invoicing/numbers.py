"""Numbers without gaps: taken in the transaction that issues, from a row that stays locked to its end."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from justpaid.invoicing.credit_note_tables import CreditNoteCounter
from justpaid.invoicing.tables import InvoiceCounter


def take_numbers(
    session: Session, counter: type[InvoiceCounter] | type[CreditNoteCounter], organisation_id: str, count: int
) -> int:
    """The first of `count` consecutive numbers. They are given back if this transaction does not commit."""
    taken = (
        insert(counter)
        .values(organisation_id=organisation_id, next_number=1 + count)
        .on_conflict_do_update(index_elements=["organisation_id"], set_={"next_number": counter.next_number + count})
        .returning(counter.next_number)
    )
    next_number: int = session.scalars(taken).one()
    return next_number - count
