"""What reading hostile bytes may not do: run code, open anything, or take memory without bound."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

try:
    import resource
except ImportError:  # pragma: no cover - Windows
    resource = None

ROOM = 256 * 2**20  # bytes beyond what the process has
_RUNS = ("os.", "subprocess.", "socket.", "pickle.", "ctypes.", "exec", "compile", "open", "import")
_seen: list[str] | None = None


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if _seen is not None and event.startswith(_RUNS):
        _seen.append(f"{event} {arguments!r}")


sys.addaudithook(_hook)  # which cannot be taken off again


@contextlib.contextmanager
def nothing_runs() -> Iterator[None]:
    """Fails where Python's own audit sees code run, or a file, socket or module opened, in the block."""
    global _seen
    seen = _seen = []
    try:
        yield
    finally:
        _seen = None
    assert seen == [], seen


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """The process gets no more than `ROOM` bytes in the block."""
    if resource is None:
        pytest.skip("this system cannot bound the memory of a process")
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + ROOM, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
