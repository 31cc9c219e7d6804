"""What the sender is told: how many events were kept, and for each that was not, which, why and what to do."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Receipt:
    """Counts sum to the events of the request. `errors` are in the order of the request; `index` counts from 0."""

    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    rejected: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    """Ids that the server gave, in the order of the events that came without one."""

    def refuse(self, index: int, event_id: str | None, code: str, message: str) -> None:
        self.errors.append({"index": index, "id": event_id, "code": code, "message": message})
