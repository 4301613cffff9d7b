"""The decoded chunks that a process keeps, and the threads that decode them.

Each process has one `Decoder`, made anew in a forked child: threads do not survive a fork, and a lock
that another thread held would never be released there.
"""

import os
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeAlias, TypeVar

from h5torch.rows import Array

Key: TypeAlias = tuple[int, int]
"""The number of a source and the number of a chunk."""

Result = TypeVar("Result")

CACHE_BYTES = 64 << 20
_CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
N_THREADS = min(4, _CORES or 1)


class Decoder:
    """Threads that decode chunks, and decoded chunks, the least recently used dropped first."""

    def __init__(self, *, cache_bytes: int, n_threads: int) -> None:
        """Keep up to `cache_bytes` of chunks; threads start when there is work for them."""
        self.cache_bytes, self.n_threads = cache_bytes, n_threads
        self._pool = ThreadPoolExecutor(n_threads, thread_name_prefix="h5torch")
        self._lock = threading.Lock()
        self._chunks: OrderedDict[Key, Array] = OrderedDict()
        self._coming: dict[Key, Future[Array]] = {}
        self._n_bytes = 0

    def find(self, keys: Iterable[Key]) -> list[Array | Future[Array] | None]:
        """Return for each key a chunk, never to be changed, or the promise of one, or `None`."""
        found: list[Array | Future[Array] | None] = []
        chunks, coming = self._chunks, self._coming
        with self._lock:
            for key in keys:
                chunk = chunks.get(key)
                if chunk is None:
                    found.append(coming.get(key))
                else:
                    chunks.move_to_end(key)
                    found.append(chunk)
        return found

    def keep(self, key: Key, chunk: Array) -> None:
        """Keep a chunk, dropping others where it needs their room; the last one is kept whatever its size."""
        with self._lock:
            if key in self._chunks:
                return
            self._chunks[key] = chunk
            self._n_bytes += chunk.nbytes
            while self._n_bytes > self.cache_bytes and len(self._chunks) > 1:
                self._n_bytes -= self._chunks.popitem(last=False)[1].nbytes

    def share(self, work: "deque[int]", do: Callable[[int], None], *, helpers: int) -> None:
        """Do all of `work` in this thread and up to `helpers` others; it is done or has failed on return.

        Raises:
            StorageError: what `do` raised first, here or in a helper.
        """

        def work_on() -> None:
            while True:
                try:
                    number = work.popleft()
                except IndexError:
                    return
                do(number)

        others = [self._submit(work_on) for _ in range(min(helpers, self.n_threads, len(work) - 1))]
        started: list[Future[None]] = []
        try:
            work_on()
        finally:
            work.clear()  # where it failed here: nobody begins another
            started = [other for other in others if other is not None and not other.cancel()]
            wait(started)
        for other in started:
            other.result()

    def expect(self, key: Key, decode: Callable[[], Array]) -> None:
        """Begin to decode a chunk that will soon be asked for, unless it is there or on its way."""

        def fulfil() -> Array:
            try:
                chunk = decode()
                self.keep(key, chunk)
                return chunk
            finally:
                with self._lock:
                    self._coming.pop(key, None)

        with self._lock:  # `fulfil` takes it too, so the promise is on its list before it is fulfilled
            if key in self._chunks or key in self._coming:
                return
            promise = self._submit(fulfil)
            if promise is not None:
                self._coming[key] = promise

    def _submit(self, task: Callable[[], Result]) -> Future[Result] | None:
        """Hand a task to the pool; while the interpreter shuts down nobody takes it."""
        try:
            return self._pool.submit(task)
        except RuntimeError:
            return None


_decoder = Decoder(cache_bytes=CACHE_BYTES, n_threads=N_THREADS)


def decoder() -> Decoder:
    """Return the decoder of this process."""
    return _decoder


def renew(*, cache_bytes: int | None = None, n_threads: int | None = None) -> None:
    """Begin with an empty cache and no thread, of other sizes where they are given."""
    global _decoder
    _decoder = Decoder(
        cache_bytes=_decoder.cache_bytes if cache_bytes is None else cache_bytes,
        n_threads=_decoder.n_threads if n_threads is None else n_threads,
    )


if hasattr(os, "register_at_fork"):  # where processes fork
    os.register_at_fork(after_in_child=renew)
