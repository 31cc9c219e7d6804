"""What a newcomer can try next, as lines to copy."""

import sys
from datetime import datetime
from pathlib import PurePath

from justpaid.demo.cast import CUSTOMERS
from justpaid.demo.client import Json
from justpaid.demo.placing import this_month


def next_commands(address: str, secret: str, invoice: Json | None, now: datetime) -> list[tuple[str, str]]:
    """Pairs of what it does and how it is typed. `invoice`: the one whose PDF is fetched."""
    customer = CUSTOMERS[0]
    since = this_month(customer, now).start.isoformat().replace("+00:00", "Z")
    curl = 'curl -s -H "Authorization: Bearer $JUSTPAID_API_KEY"'
    event = (
        f'{{"customer_id": "{customer.key}", "event": "llm_request", "properties": '
        '{"model": "gpt-4o", "service": "conversation", "user": "me", "input_tokens": 1847}}'
    )
    commands = [
        ("Address and key, for the commands below", f"export JUSTPAID_URL={address} JUSTPAID_API_KEY={secret}"),
        ("Send an event", f"{curl} $JUSTPAID_URL/v1/events -H 'Content-Type: application/json' -d '{event}'"),
        (
            "Ask for usage, by day and model",
            f"{curl} -G $JUSTPAID_URL/v1/usage -d meter=input_tokens -d customer_id={customer.key} -d from={since} "
            f"-d to={_whole_second(now)} -d window=day -d group_by=model",
        ),
    ]
    if invoice is not None:
        commands += [
            ("Open an invoice", f"{curl} $JUSTPAID_URL/v1/invoices/{invoice['number']}/pdf -o {invoice['number']}.pdf"),
            ("Recount it from raw events", f"{curl} $JUSTPAID_URL/v1/invoices/{invoice['number']}/verify"),
        ]
    return [*commands, ("Watch events arrive", f"{_program()} events tail")]


def _program() -> str:
    """As it was called, since it need not be on the PATH: `.venv/bin/justpaid`."""
    return sys.argv[0] if PurePath(sys.argv[0]).stem == "justpaid" else "justpaid"


def _whole_second(now: datetime) -> str:
    return now.replace(microsecond=0).isoformat().replace("+00:00", "Z")
