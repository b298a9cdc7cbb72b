"""The bar that shows how far long work has come, how fast it is, and how long it will take."""

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
    """How many a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s")


def bar(total: int | None) -> Progress:
    """A bar on standard error that goes away when it ends; the time left is shown where ``total`` is known."""
    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeElapsedColumn(),
    ]
    left = [TextColumn("left"), TimeRemainingColumn()] if total is not None else []
    return Progress(*columns, *left, console=Console(stderr=True), transient=True)
