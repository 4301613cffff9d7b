"""h5py's global lock: reentrant, held in every call into HDF5, renewed in forked children."""

from types import TracebackType

class _Lock:
    def acquire(self) -> bool: ...
    def release(self) -> None: ...
    def __enter__(self) -> bool: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

phil: _Lock
