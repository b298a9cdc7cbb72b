"""Decides whether two names are names of the same person or company.

Names are compared by their words, without accents, case, punctuation, titles and legal forms. They are alike if each
word of the shorter name is in the longer one. Banks cut off names, so the last word may be only the beginning of a
word. A name of one word is alike only to the same word.
"""

import re
import unicodedata
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

T = TypeVar("T", bound=Hashable)

_word: Final = re.compile(r"[^\W_]+")
_CUT: Final = 35  # the shortest length at which banks cut off names
_LEGAL: Final = frozenset(
    re.findall(
        r"\w+",
        """ab ag ans aps as asa bv bvba co company corp corporation cv da doo eg ek eu ev gbr gesmbh gmbh hb inc kft kg
        kgaa lda limited llc llp ltd mbh mr mrs ms nv ohg oy oyj partg plc rt sa sagl sarl sas se sia sl sp spa spol srl
        sro und and et og the herr frau hr fr dr prof""",
    )
)
_transcribed: Final = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "æ": "ae", "å": "aa", "ł": "l"}
)


def are_alike(one: str, other: str) -> bool:
    """Return whether the names are alike.

    >>> are_alike("Muller, Ada", "Ada Müller"), are_alike("ADA MUELLER", "Ada Müller"), are_alike("Ada", "Ada Müller")
    (True, True, False)
    """
    shorter, longer = sorted((one, other), key=len)
    is_cut = len(shorter) >= _CUT
    return any(_alike(_words(shorter, plain), _words(longer, plain), is_cut) for plain in (True, False))


class NameIndex(Generic[T]):
    """Finds the things whose names are like a name, without a comparison with every name.

    >>> index = NameIndex[str]()
    >>> index.add("Ada Müller GmbH", "C1")
    >>> index.find("Mueller, Ada"), index.find("Ada")
    ({'C1'}, set())
    """

    def __init__(self) -> None:
        self._names: dict[str, set[T]] = {}
        self._by_word: dict[str, set[str]] = {}

    def add(self, name: str, thing: T) -> None:
        """Add ``thing``, whose name is ``name``."""
        if name not in self._names:
            for word in _all_words(name):
                self._by_word.setdefault(word, set()).add(name)
        self._names.setdefault(name, set()).add(thing)

    def find(self, name: str) -> set[T]:
        """Return the things whose names are like ``name``."""
        names = {each for word in _all_words(name) for each in self._by_word.get(word, ())}
        return {thing for each in names if are_alike(each, name) for thing in self._names[each]}


def _all_words(name: str) -> set[str]:
    return {word for plain in (True, False) for word in _words(name, plain)}


def _alike(one: list[str], other: list[str], is_cut: bool) -> bool:
    if not one or not other:
        return False
    if is_cut and len(one) > 1 and any(each.startswith(one[-1]) for each in other):
        one = one[:-1]
    shorter, longer = sorted((set(one), set(other)), key=len)
    return shorter == longer if len(shorter) == 1 else shorter <= longer


def _words(name: str, plain: bool) -> list[str]:
    """Return the words of ``name``, in order. Accents are transcribed (ü is ue), or left out if ``plain``."""
    text = name.casefold()
    text = text if plain else text.translate(_transcribed)
    bare = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    words = _word.findall(bare.replace(".", ""))
    return [each for each in words if each not in _LEGAL] or words
