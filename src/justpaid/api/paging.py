"""Lists, a page at a time, newest first. A cursor is the last id shown, encoded so that nobody builds on its form."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, Protocol, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.ids import Prefix

T = TypeVar("T")


class Identified(Protocol):
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=Identified)


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    data: list[T]
    next_cursor: str | None = Field(description="Send it as `cursor` to get the next page; null on the last page.")


class PageRequest:
    """`fetch`: how many records to read, one more than is shown, to know whether a next page exists."""

    def __init__(
        self,
        limit: Annotated[int, Query(ge=1, le=100, description="The most entries to return.")] = 50,
        cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
    ) -> None:
        self.limit = limit
        self.fetch = limit + 1
        self._cursor = cursor

    def before_id(self, prefix: Prefix) -> str | None:
        """The id after which the page starts, None at the first page.  Raises: InvalidRequest."""
        if self._cursor is None:
            return None
        try:
            last = urlsafe_b64decode(self._cursor.encode("ascii") + b"==").decode("ascii")
        except ValueError:
            last = ""
        if not last.startswith(f"{prefix}_") or not last.isprintable():
            raise InvalidRequest.of("cursor", "is none of this list's: send next_cursor as it came, or leave it out")
        return last

    def page(self, records: Sequence[R], shown: Callable[[R], T]) -> Page[T]:
        """The page of up to `fetch` records."""
        visible = records[: self.limit]
        more = len(records) > self.limit
        return Page(
            data=[shown(record) for record in visible],
            next_cursor=cursor_after(visible[-1].id) if more else None,
        )


def cursor_after(last_id: str) -> str:
    """The cursor of the page that starts after this record."""
    return urlsafe_b64encode(last_id.encode()).decode().rstrip("=")


#: The parameter type by which a handler takes `limit` and `cursor`.
Paging = Annotated[PageRequest, Depends()]
