"""One command at a time writes a results file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from benchmarks.errors import BenchmarkError


@contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Keep other commands from writing a file, and make its folder.

    What is locked is a hidden file beside it, because a results file may be replaced.
    The system lets go of the lock when the process dies, however that happens.

    Parameters
    ----------
    path : Path
        The results file.

    Raises
    ------
    BenchmarkError
        Where another process is writing the file, or none can.
    """
    beside = path.with_name(f".{path.name}.lock")
    lock = FileLock(beside)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise BenchmarkError(
            f"Another run is writing {path}. Wait until it ends, or name another file "
            "with --output."
        ) from None
    except OSError as error:
        raise BenchmarkError(
            f"{path} cannot be written: {error}. Name another file with --output."
        ) from error
    try:
        yield
    finally:
        # Before the release: afterwards it might be another run's.
        with suppress(OSError):  # Windows removes no open file
            beside.unlink()
        lock.release()
