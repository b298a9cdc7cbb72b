"""Parts of the messages of errors that adapters share."""

_LINE = 300  # characters of a server's message to repeat


def describe(where: str, key: str | None) -> str:
    """The name of ``key`` in the store ``where``, or of the store if ``key`` is None.

    >>> describe("/books", "a"), describe("/books", None)
    ("'a' in /books", '/books')
    """
    return where if key is None else f"{key!r} in {where}"


def subject(where: str, key: str | None) -> str:
    """The store ``where`` as the subject of a sentence, with ``key`` in parentheses if it is not None.

    >>> subject("redis://host/0", "a"), subject("redis://host/0", None)
    ("redis://host/0 ('a')", 'redis://host/0')
    """
    return where if key is None else f"{where} ({key!r})"


def first_line(error: BaseException, message: str | None = None) -> str:
    r"""The start of the first line of ``message`` (default: the text of ``error``), or the type of ``error``.

    >>> first_line(ValueError("no\nyes")), first_line(TimeoutError())
    ('no', 'TimeoutError')
    """
    lines = (str(error) if message is None else message).strip().splitlines()
    return lines[0][:_LINE] if lines else type(error).__name__
