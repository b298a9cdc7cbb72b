"""Progress of long work, on standard error and only where somebody is looking."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def counting(label: str, total: int | Callable[[], int] | None = None) -> Iterator[Callable[[int], None]]:
    """A function to tell how many are done: shown with the rate and the time taken.

    With ``total``, also as a part of it and with the time left; a function is called only if it is shown.
    """
    if not sys.stderr.isatty():
        yield lambda count: None
        return
    from holdall.cli.bar import bar  # late: rich takes longer to import than most commands run

    whole = total() if callable(total) else total
    with bar(whole) as shown:
        task = shown.add_task(label, total=whole)
        yield lambda count: shown.update(task, completed=count)
