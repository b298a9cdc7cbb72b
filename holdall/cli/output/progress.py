"""Shows the progress of long work on standard error, if that is a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress


@contextmanager
def show_progress(
    label: str, total: int | Callable[[], int] | None = None, *, lazily: bool = False
) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes the number of items done and shows it, with the rate and the time taken.

    With ``total``, the share that is done and the time left are shown too. If ``total`` is a function, it is
    called only if the progress is shown; with ``lazily``, when the number of items done is 0.
    """
    if not sys.stderr.isatty():
        yield lambda count: None
        return
    whole = total() if callable(total) and not lazily else None if callable(total) else total
    with _bar(timed=total is not None) as shown:
        task = shown.add_task(label, total=whole)

        def tell(count: int) -> None:
            if count == 0 and lazily and callable(total):
                shown.update(task, total=total())
            shown.update(task, completed=count)

        yield tell


def _bar(*, timed: bool) -> "Progress":
    """Return a bar on standard error that disappears when the work ends. If ``timed``, it shows the time left."""
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
    left = [progress.TextColumn("left"), progress.TimeRemainingColumn()] if timed else []
    return progress.Progress(*columns, *left, console=Console(stderr=True), transient=True)
