"""Compressed bodies: whole or refused, and never larger in memory than the limit and one step beyond it."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
import zstandard

from justpaid.ingest.reading import decompress
from justpaid.kernel.errors import JustPaidError

PLAIN = b'{"customer_id": "acme", "event": "call"}\n' * 1000
LIMIT = 1 << 20
GZIP = gzip.compress(PLAIN, mtime=0)
ZSTD = zstandard.compress(PLAIN)


def streamed() -> bytes:
    """A zstd frame that does not say how long its content is."""
    compressor = zstandard.ZstdCompressor().compressobj()
    return compressor.compress(PLAIN) + compressor.flush()


@pytest.mark.parametrize(
    ("encoding", "body", "plain"),
    [
        ("", PLAIN, PLAIN),
        ("identity", PLAIN, PLAIN),
        ("gzip", GZIP, PLAIN),
        (" GZIP ", GZIP, PLAIN),
        ("x-gzip", GZIP, PLAIN),
        ("zstd", ZSTD, PLAIN),
        ("zstd", streamed(), PLAIN),
        # Joined end to end, as log shippers do: every part counts.
        ("gzip", GZIP + gzip.compress(b"", mtime=0) + GZIP, PLAIN * 2),
        ("zstd", ZSTD + zstandard.compress(b"") + streamed(), PLAIN * 2),
        ("gzip", gzip.compress(b"", mtime=0), b""),
        ("zstd", zstandard.compress(b""), b""),
        ("gzip", gzip.compress(b" " * LIMIT, mtime=0), b" " * LIMIT),
        ("zstd", zstandard.compress(b" " * LIMIT), b" " * LIMIT),
    ],
)
def test_what_was_compressed_comes_back(encoding: str, body: bytes, plain: bytes) -> None:
    assert decompress(body, encoding, LIMIT) == plain


@pytest.mark.parametrize(
    ("encoding", "body", "status", "message"),
    [
        *((name, body[:cut], 400, f"{name} data ends in the middle")
          for name, body in (("gzip", GZIP), ("zstd", ZSTD), ("zstd", streamed()))
          for cut in (0, 1, 5, len(body) // 2, -1)),
        ("gzip", GZIP + GZIP[:-1], 400, "ends in the middle"),
        ("zstd", ZSTD + ZSTD[:-1], 400, "ends in the middle"),
        ("gzip", GZIP + b"more", 400, "no gzip data"),
        ("zstd", ZSTD + b"more", 400, "no zstd data"),
        ("gzip", PLAIN, 400, "no gzip data"),
        ("zstd", PLAIN, 400, "no zstd data"),
        ("gzip", GZIP[:-8] + bytes(4) + GZIP[-4:], 400, "no gzip data"),
        ("gzip", zlib.compress(PLAIN), 400, "no gzip data"),
        ("zstd", GZIP, 400, "no zstd data"),
        ("br", PLAIN, 415, "use gzip, zstd or none"),
        ("gzip, zstd", GZIP, 415, "use gzip, zstd or none"),
        ("", b" " * (LIMIT + 1), 413, str(LIMIT)),
        ("gzip", gzip.compress(b" " * (LIMIT + 1), mtime=0), 413, str(LIMIT)),
        ("zstd", zstandard.compress(b" " * (LIMIT + 1)), 413, str(LIMIT)),
        ("gzip", gzip.compress(b" " * LIMIT, mtime=0) + gzip.compress(b" ", mtime=0), 413, str(LIMIT)),
    ],
)  # fmt: skip
def test_what_is_not_whole_is_refused(encoding: str, body: bytes, status: int, message: str) -> None:
    with pytest.raises(JustPaidError) as raised:
        decompress(body, encoding, LIMIT)
    assert raised.value.status == status
    assert message in raised.value.detail


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_a_bomb_is_stopped_long_before_it_is_whole(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    bomb = compress(b" " * (128 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(JustPaidError, match="over"):
            decompress(bomb, encoding, LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()
