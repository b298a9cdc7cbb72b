"""The progress bar of a long command: how much is done, how fast, and how much time is left."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class Rate(ProgressColumn):
    """The column that shows how many items are done per second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s")


def bar(total: int | None) -> Progress:
    """Return a bar on standard error that disappears when the work ends.

    The bar shows the time left if ``total`` is known.
    """
    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeElapsedColumn(),
    ]
    left = [TextColumn("left"), TimeRemainingColumn()] if total is not None else []
    return Progress(*columns, *left, console=Console(stderr=True), transient=True)
