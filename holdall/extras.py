"""A missing library says which extra of the package brings it."""

from collections.abc import Iterator
from contextlib import contextmanager

from holdall.errors import MissingExtra


@contextmanager
def needs(extra: str, hint: str = "") -> Iterator[None]:
    """Turn an ImportError in the block into MissingExtra that names ``extra``.

    >>> with needs("s3"):
    ...     import no_such_library
    Traceback (most recent call last):
      ...
    holdall.errors.MissingExtra: no_such_library is not installed; pip install 'holdall[s3]'
    """
    try:
        yield
    except MissingExtra:
        raise
    except ImportError as error:
        missing = error.name or str(error)
        remedy = f"pip install 'holdall[{extra}]'"
        raise MissingExtra(f"{missing} is not installed; {remedy}{hint and '. ' + hint}") from error
