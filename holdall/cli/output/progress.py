"""Shows the progress of long work on standard error, if that is a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def counting(label: str, total: int | Callable[[], int] | None = None) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes the number of items done and shows it, with the rate and the time taken.

    With ``total``, the share that is done and the time left are shown too. If ``total`` is a function, it is
    called only if the progress is shown.
    """
    if not sys.stderr.isatty():
        yield lambda count: None
        return
    from holdall.cli.output.bar import (
        bar,  # imported late: rich takes longer to import than most commands run
    )

    whole = total() if callable(total) else total
    with bar(whole) as shown:
        task = shown.add_task(label, total=whole)
        yield lambda count: shown.update(task, completed=count)
