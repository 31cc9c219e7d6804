"""A process of its own that prepares large requests: decoding, validating and hashing is most of what ingest costs, and
Python runs one thread of a process at a time.

It is never needed: what it does not answer, for whatever reason, the committer prepares itself, with the same function.
It starts with the first large request, and ends when its input does, and so with the server, however that ends.
"""

import fcntl
import gc
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Final

import msgspec
import structlog

from justpaid.ingest.prepare import Prepared, Request

log = structlog.get_logger(__name__)

_COMMAND: Final = (sys.executable, "-c", "from justpaid.ingest.preparer import serve; serve()")
_RESTART_S: Final = 1.0
_LENGTH_BYTES: Final = 4
#: Instead of 64 KiB, where the system lets us: a request of a thousand events goes through as a whole.
_PIPE_BYTES: Final = 1 << 20

_encoder: Final = msgspec.msgpack.Encoder()
_requests: Final = msgspec.msgpack.Decoder(Request)
_answers: Final = msgspec.msgpack.Decoder(Prepared | None)

Answer = Callable[[Prepared | None], None]


class Preparer:
    """`start` and `stop` bound the thread that talks to the process, whose id is `pid`."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[Request, Answer] | None] = queue.SimpleQueue()
        self._asked: deque[tuple[Request, Answer]] = deque()
        self._ready = False
        self.pid: int | None = None
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="preparer", daemon=True)

    def available(self) -> bool:
        """Whether it takes requests. When it is first asked, and after the process was lost, it has to start."""
        self._wanted.set()
        return self._ready

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Requests that were taken are answered first."""
        with self._lock:
            self._ready = False
            self._stopping.set()
            self._wanted.set()
            self._waiting.put(None)
        self._thread.join()

    def take(self, request: Request, answer: Answer) -> None:
        """`answer` is called once, with what was prepared, or with None: the request has to be prepared by the caller,
        and may have to be refused."""
        with self._lock:
            if self._ready:
                self._waiting.put((request, answer))
                return
        answer(None)

    def _run(self) -> None:
        while self._wanted.wait() and not self._stopping.is_set():
            try:
                with _worker() as (self.pid, worker):
                    self._talk(worker)
            except Exception as error:  # whatever it is: who waits for an answer gets one below
                log.warning("ingest.preparer_ended", error=str(error), retry_s=_RESTART_S)
            self._decline()
            self._stopping.wait(_RESTART_S)

    def _talk(self, worker: "_Pipes") -> None:
        """Until it is stopped. One request is sent ahead of the answer before it, so that the process need not wait.

        Raises: OSError once the process has ended.
        """
        worker.receive()  # it has started
        with self._lock:
            self._ready = not self._stopping.is_set()
        ending = False
        while self._asked or not ending:
            if ending or len(self._asked) > 1 or (self._asked and self._waiting.empty()):
                self._hear(worker)
                continue
            task = self._waiting.get()
            if task is None:
                ending = True
                continue
            request = _encoder.encode(task[0])
            # What does not fit into the pipe would wait for the process, which may wait for us to read its answer.
            while self._asked and len(request) > worker.room:
                self._hear(worker)
            self._asked.append(task)
            worker.send(request)

    def _hear(self, worker: "_Pipes") -> None:
        prepared = _answers.decode(worker.receive())
        request, answer = self._asked.popleft()
        if prepared is not None:
            prepared.columns.organisation = [request.organisation_id] * len(prepared.entries)
        answer(prepared)

    def _decline(self) -> None:
        with self._lock:
            self._ready = False
            tasks = list(self._asked)
            while not self._waiting.empty():
                if (task := self._waiting.get()) is not None:
                    tasks.append(task)
            self._asked.clear()
        for _, answer in tasks:
            answer(None)


class _Pipes:
    """Frames, each with its length before it. `room`: bytes that can be sent while the other side reads nothing."""

    def __init__(self, source: IO[bytes], target: IO[bytes]) -> None:
        self._source = source
        self._target = target
        self.room = 0
        try:
            for pipe in (source, target):
                self.room = fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES) - _LENGTH_BYTES
        except (AttributeError, OSError):
            self.room = 0  # not on Linux, or beyond what a user may have

    def send(self, content: bytes) -> None:
        self._target.write(len(content).to_bytes(_LENGTH_BYTES, "big"))
        self._target.write(content)
        self._target.flush()

    def receive(self) -> bytes:
        """Raises: OSError once the other side has ended."""
        length = self._source.read(_LENGTH_BYTES)
        content = self._source.read(int.from_bytes(length, "big"))
        if len(length) < _LENGTH_BYTES:
            raise BrokenPipeError("it has ended")
        return content


@contextmanager
def _worker() -> Iterator[tuple[int, _Pipes]]:
    with subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.pid, _Pipes(process.stdout, process.stdin)
        finally:
            process.kill()  # it keeps nothing


def serve() -> None:
    """What the process does, until its input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the server ends in its own order
    gc.disable()  # what is prepared has no cycles
    pipes = _Pipes(sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing else may write among the answers
    pipes.send(b"")
    while True:
        try:
            request = pipes.receive()
        except OSError:
            return
        pipes.send(_encoder.encode(_prepared(request)))


def _prepared(content: bytes) -> Prepared | None:
    try:
        prepared = _requests.decode(content).prepared()
    except Exception:
        return None  # the committer meets the same error, and tells the sender
    prepared.columns.organisation = []
    return prepared
