"""Errors for missing libraries, which name the extra of the package that installs the library."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from holdall.errors import MissingExtra


@contextmanager
def needs(extra: str, hint: str = "") -> Iterator[None]:
    """Raise MissingExtra, which names ``extra``, if an import in the block does not find its module.

    The missing module may be the library or a module that it needs; pip installs both. Any other error of an
    import passes unchanged, because installing the extra would not fix it.

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
    """Return those of ``names`` whose extra is installed, in their order. It imports each one to find out.

    The `__dir__` of ``module`` uses this, because `help` and completion ask for every name in `__dir__`, and
    fail if one name raises MissingExtra.

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
