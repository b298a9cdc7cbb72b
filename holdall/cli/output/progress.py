"""Shows the progress of long work on standard error, if that is a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress


@contextmanager
def show_progress(
    label: str, total: int | Callable[[], int] | None = None
) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes the number of items done and shows it, with the rate and the time taken.

    With ``total``, the share that is done and the time left are shown too. If ``total`` is a function, it is
    called only if the progress is shown.
    """
    if not sys.stderr.isatty():
        yield lambda count: None
        return
    whole = total() if callable(total) else total
    with _bar(whole) as shown:
        task = shown.add_task(label, total=whole)
        yield lambda count: shown.update(task, completed=count)


def _bar(total: int | None) -> "Progress":
    """Return a bar on standard error that disappears when the work ends.

    The bar shows the time left if ``total`` is known.
    """
    from rich import progress  # imported late: it takes longer than most commands run
    from rich.console import Console
    from rich.text import Text

    class Rate(progress.ProgressColumn):
        def render(self, task: progress.Task) -> Text:
            return Text(f"{task.speed or 0:,.0f}/s")

    columns = [
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        Rate(),
        progress.TimeElapsedColumn(),
    ]
    left = [progress.TextColumn("left"), progress.TimeRemainingColumn()] if total is not None else []
    return progress.Progress(*columns, *left, console=Console(stderr=True), transient=True)
