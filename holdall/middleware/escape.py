"""Any text as a key: what the portable grammar leaves out is written by what it holds, order kept."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from holdall.errors import InvalidKey
from holdall.keys import RawKey, check_key
from holdall.rekey import Rekey
from holdall.store import Store, Tag

V = TypeVar("V")
T = TypeVar("T")

_END = " "
_LEADS = {  # a character of the grammar, and what follows it in order that the grammar leaves out
    " ": [*map(chr, range(0x20)), " "],
    "[": ["[", "\\"],
    "~": ["~", *map(chr, range(0x7F, 0xA0))],
    "\ud7ff": ["\ud7ff", *map(chr, range(0xD800, 0xE000))],
}
