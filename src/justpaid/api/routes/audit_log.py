"""Reading the audit trail."""

from typing import Annotated

from fastapi import Query

from justpaid.accounts import list_audit_entries
from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.audit_log import AuditEntryOut
from justpaid.api.unit_of_work import Unit

router = new_router("accounts", "/v1/audit-log")


@router.get("")
def list_audit_log(
    unit: Unit,
    paging: Paging,
    record_id: Annotated[str | None, Query(description="Only changes of the record with this id.")] = None,
) -> Page[AuditEntryOut]:
    """Who changed what and when, newest first."""
    entries = list_audit_entries(
        unit.session, limit=paging.fetch, before_id=paging.before_id("aud"), record_id=record_id
    )
    return paging.page(entries, AuditEntryOut.of)
