"""The limit: `python -m benchmarks.limit DATA PORT`. The same bodies are only decoded with msgspec and appended to a
file, with an fsync a request. No service that keeps its promises to disk in this language can be faster."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.listening import listen_until_told


class Event(msgspec.Struct, gc=False):
    id: str
    customer_id: str
    event: str
    timestamp: str
    properties: dict[str, Any]
    quantity: int = 1


_one: Final = msgspec.json.Decoder(Event)
_many: Final = msgspec.json.Decoder(list[Event])


class Limit:
    """Appends may overlap: each is one write to a file opened for appending, then its own fsync, off the loop."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / "events.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        answer = b'{"status":"ready"}'
        if scope["method"] == "POST":
            body = await _body(receive)
            events = _many.decode(body) if body.startswith(b"[") else [_one.decode(body)]
            await asyncio.get_running_loop().run_in_executor(None, self._append, body)
            answer = b'{"accepted":%d,"duplicates":0,"conflicts":0,"rejected":0}' % len(events)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _append(self, body: bytes) -> None:
        os.write(self._file, body)
        os.fsync(self._file)


async def _body(receive: Any) -> bytes:
    message = await receive()
    if not message.get("more_body", False):
        whole: bytes = message["body"]
        return whole
    body = bytearray(message["body"])
    while message.get("more_body", False):
        message = await receive()
        body += message["body"]
    return bytes(body)


if __name__ == "__main__":
    listen_until_told(Limit(Path(sys.argv[1])), int(sys.argv[2]))
