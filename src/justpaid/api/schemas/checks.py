"""Standing checks on the wire."""

from justpaid.api.values import Output
from justpaid.installation import CheckResult


class CheckOut(Output):
    name: str
    ok: bool
    detail: str

    @classmethod
    def of(cls, result: CheckResult) -> "CheckOut":
        """Without the result's own detail: it tells of all organisations, and the asker belongs to one."""
        told = "holds" if result.ok else "does not hold; the server's log and `justpaid check` beside its data say more"
        return cls(name=result.name, ok=result.ok, detail=told)


class ChecksOut(Output):
    ok: bool
    data: list[CheckOut]

    @classmethod
    def of(cls, results: list[CheckResult]) -> "ChecksOut":
        return cls(ok=all(result.ok for result in results), data=[CheckOut.of(result) for result in results])
