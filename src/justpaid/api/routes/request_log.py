"""Reading the request log."""

from justpaid.api.paging import Page, Paging
from justpaid.api.request_log import list_requests
from justpaid.api.route import router as new_router
from justpaid.api.schemas.request_log import LoggedRequestOut
from justpaid.api.unit_of_work import Unit

router = new_router("people", "/v1/request-log")


@router.get("")
def list_request_log(unit: Unit, paging: Paging) -> Page[LoggedRequestOut]:
    """The organisation's requests, newest first, a few seconds after they were answered.

    Events come too fast to be shown one by one: all alike of a minute (same key, status and error) are one row, once
    the minute is over.
    """
    entries = list_requests(unit.session, limit=paging.fetch, before_id=paging.before_id("req"))
    return paging.page(entries, LoggedRequestOut.of)
