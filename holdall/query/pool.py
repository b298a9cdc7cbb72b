"""The worker processes of holdall's own: started for the first query that needs them, and kept for the next.

The processes are spawned, not forked, because a fork copies locks that threads of this process may hold. They
end with this process, even if it is killed.
"""

import atexit
import os
import signal
import sys
import threading
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported late: multiprocessing would take half as long as the rest of holdall.query
    from concurrent.futures import ProcessPoolExecutor


_kept: "list[ProcessPoolExecutor]" = []
_lock = threading.Lock()


def processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processes() -> Executor:
    """Return the pool. It has one process for each processor."""
    with _lock:
        if not _kept:
            _kept.append(_start())
        return _kept[0]


def why_unsafe() -> str:
    """Return why processes would do harm here, or an empty text if they would not.

    A spawned process imports the main module of this one. If that has no check of its name, the import would
    run the whole script again, with all that it writes.
    """
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    if getattr(sys, "frozen", False):
        return "this program is a bundle, which worker processes would start again"
    if file is None:
        return ""
    try:
        guarded = "__main__" in Path(file).read_text("utf-8", "replace")
    except OSError:
        return f"worker processes cannot import the main module of this process, {file}"
    return (
        ""
        if guarded
        else f'{file} has no `if __name__ == "__main__":`, so worker processes would run it again'
    )


def is_warm() -> bool:
    """Return whether the pool is running."""
    return bool(_kept)


def discard(pool: Executor) -> None:
    """Kill the processes of ``pool`` and wait until they have ended. The next query starts others.

    If another run has replaced ``pool`` already, this does nothing.
    """
    with _lock:
        found = _kept.pop() if _kept and _kept[0] is pool else None
    if found:
        for process in list((found._processes or {}).values()):
            process.kill()
        found.shutdown(wait=True, cancel_futures=True)


def _start() -> "ProcessPoolExecutor":
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(processors(), mp_context=context, initializer=_begin)


def _begin() -> None:
    """Let the parent decide when this process ends: ignore Ctrl-C, which a terminal sends to all processes."""
    with suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _forget() -> None:
    """Forget the pool in a child of a fork, which has none of its threads."""
    global _lock
    _lock = threading.Lock()
    _kept.clear()


# Without this, Python deletes the pool after the modules that the pool needs for that.
atexit.register(_kept.clear)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
