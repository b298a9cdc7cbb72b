"""A missing library says which extra of the package brings it."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from holdall.errors import MissingExtra


@contextmanager
def needs(extra: str, hint: str = "") -> Iterator[None]:
    """Turn 'no such module' in the block into MissingExtra that names ``extra``.

    Only where a module is not there at all, the library or one that it needs; pip brings both. Whatever a
    module that is there raises is passed on, for to install it would not mend it.

    >>> with needs("s3"):
    ...     import no_such_library
    Traceback (most recent call last):
      ...
    holdall.errors.MissingExtra: no_such_library is not installed; pip install 'holdall[s3]'
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = error.name or str(error)
        remedy = f"pip install 'holdall[{extra}]'"
        raise MissingExtra(f"{missing} is not installed; {remedy}{hint and '. ' + hint}") from error


def at_hand(module: str, names: Iterable[str]) -> list[str]:
    """Those of ``names`` whose extra is installed, in their order; each is imported to see.

    For the `__dir__` of ``module``: `help` and completion ask for every name that it tells, and stop at
    one that raises MissingExtra.

    >>> at_hand("holdall", ["Memory", "open"])
    ['Memory', 'open']
    """
    return [name for name in names if _is_there(module, name)]


def _is_there(module: str, name: str) -> bool:
    try:
        getattr(sys.modules[module], name)
    except MissingExtra:
        return False
    return True
