"""Progress of long work, on standard error and only where somebody is looking."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

T = TypeVar("T")


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[Iterable[T]], Iterator[T]]]:
    """A function that passes items through and shows how many, and with ``total`` how long yet."""
    with _bar() as bar:
        task = bar.add_task(label, total=total)

        def advance(items: Iterable[T]) -> Iterator[T]:
            for item in items:
                yield item
                bar.advance(task)

        yield advance


@contextmanager
def counting(label: str) -> Iterator[Callable[[int], None]]:
    """A function that is told how many are done, and shows it."""
    with _bar() as bar:
        task = bar.add_task(label, total=None)
        yield lambda count: bar.update(task, completed=count)


def _bar() -> "Progress":
    from rich.console import Console  # late: it takes longer to import than most commands run
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
