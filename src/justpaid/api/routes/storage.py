"""What the installation takes on disk."""

from typing import cast

from justpaid.api.route import router as new_router
from justpaid.api.schemas.storage import StorageOut
from justpaid.api.unit_of_work import Unit
from justpaid.installation import Installation, storage_of

router = new_router("status", "/v1/storage")


@router.get("")
def get_storage(unit: Unit) -> StorageOut:
    """Bytes on disk by store, and for each event ever accepted, over the whole installation."""
    return StorageOut.of(storage_of(cast(Installation, unit.installation)))
