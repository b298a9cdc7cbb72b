"""The groups that a map makes: their keys as the index keeps them, and their texts."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from holdall.errors import InvalidQuery
from holdall.query.collation import AWARE, DATE, NAIVE, NUMBER, TEXT, TUPLE, Key, Place, collate, is_ambiguous
from holdall.query.texts import text_of


def plain(place: Place) -> Key:
    """Return the key at ``place`` without subclasses of its types, such as those of an Enum.

    >>> from enum import StrEnum
    >>> Currency = StrEnum("Currency", {"EUR": "EUR"})
    >>> plain(collate((Currency.EUR, 7)))
    ('EUR', 7)
    """
    rank, value = place
    return tuple(_plain(*part) for part in value) if rank == TUPLE else _plain(rank, value)


def _plain(rank: int, value: Any) -> Any:
    if rank == NUMBER:
        kind = next(kind for kind in (int, float, Decimal) if isinstance(value, kind))
        return value if type(value) is kind else kind(value)
    if rank == TEXT:
        return str.__str__(value)
    if rank == DATE:
        return date.fromordinal(value.toordinal())
    if rank in (NAIVE, AWARE):
        return datetime.fromisoformat(datetime.isoformat(value))
    return value


class Texts(dict[Any, str]):
    """The text of each group, as ``texts[key]``. Like `Batch`, it remembers keys that a dict can tell apart.

    ``by_text`` has a key for each text.
    """

    def __init__(self) -> None:
        super().__init__()
        self.by_text: dict[str, Key] = {}

    def __missing__(self, key: Any) -> str:
        place = collate(key)
        text = text_of(place)
        if not text.isascii() and _has_surrogate(text):
            raise InvalidQuery(
                f"a view cannot keep a group with a lone surrogate, {key!a:.80}; replace it in the map"
            )
        self.by_text[text] = key
        if not is_ambiguous(place):
            self[key] = text
        return text


_has_surrogate: Final = re.compile("[\ud800-\udfff]").search
