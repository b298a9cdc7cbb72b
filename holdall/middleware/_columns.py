"""Checks of the columns in which a feed or a sync remembers keys and tags, and the words of their errors."""

import operator
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from holdall.errors import Corrupt, Mismatch


def require_texts(items: list[Any]) -> list[str]:
    """Return ``items``. Raises TypeError if one of them is not text."""
    if not set(map(type, items)) <= {str}:
        raise TypeError("it holds a value that is not text")
    return items


def require_numbers(items: list[Any]) -> list[int]:
    """Return ``items``. Raises TypeError if one of them is not an int."""
    if not set(map(type, items)) <= {int}:
        raise TypeError("it holds a value that is not a number")
    return items


def is_growing(items: list[Any]) -> bool:
    """Return whether each item is greater than the one before it.

    >>> is_growing([]), is_growing(["a", "b"]), is_growing(["a", "a"])
    (True, True, False)
    """
    return all(map(operator.lt, items, items[1:]))


@contextmanager
def explain_damage(name: str, remedy: str) -> Iterator[None]:
    """Raise Corrupt and Mismatch again, with the ``name`` of the damaged state and the ``remedy``."""
    try:
        yield
    except (Corrupt, Mismatch) as error:
        raise type(error)(f"{name} cannot be used: {error}; {remedy}") from error
