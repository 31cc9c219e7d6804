"""Making, listing and revoking share links of an invoice."""

from justpaid.api.route import router as new_router
from justpaid.api.schemas.share_links import NewShareLinkOut, ShareLinkIn, ShareLinkOut, ShareLinks
from justpaid.api.unit_of_work import Unit
from justpaid.invoicing import find_invoice, revoke_share_link, share_invoice
from justpaid.invoicing import list_share_links as links_of

router = new_router("invoices", "/v1/invoices/{invoice}/share-links")


@router.post("", status_code=201)
def create_share_link(invoice: str, body: ShareLinkIn, unit: Unit) -> NewShareLinkOut:
    """A link by which whoever has it sees this invoice, without a key. It expires, and can be revoked."""
    found = find_invoice(unit.session, invoice)
    made = NewShareLinkOut.of(share_invoice(unit.session, found, days=body.expires_in_days, now=unit.now()))
    unit.replay_with = made.model_copy(update={"token": None, "path": None})
    return made


@router.get("")
def list_share_links(invoice: str, unit: Unit) -> ShareLinks:
    """All links of this invoice, newest first; without their tokens."""
    return ShareLinks(
        data=[ShareLinkOut.of(link) for link in links_of(unit.session, find_invoice(unit.session, invoice))]
    )


@router.delete("/{link_id}")
def revoke(invoice: str, link_id: str, unit: Unit) -> ShareLinkOut:
    """From now on the link opens nothing."""
    return ShareLinkOut.of(revoke_share_link(unit.session, find_invoice(unit.session, invoice), link_id, unit.now()))
