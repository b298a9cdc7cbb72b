"""Encode keys as paths with readable ASCII names, which no file system confuses with each other.

    path     = *( segment "+/" ) segment         "+/" is the "/" of the key
    segment  = *( part "=/" ) name               a long segment goes on in a folder
    part     = 1*char                            just so many that they take LIMIT bytes
    name     = 1*char | "%"                      under LIMIT bytes; "%": nothing is left after the parts
    char     = plain | "^" ALPHA | 1*4( "%" HEX HEX )
    plain    = a-z | 0-9 | " " | one of _ - . , @ ( )

``^a`` is A; ``%c3%a9`` are the UTF-8 bytes of é. Some other characters are also written as ``%xx``: a "."
at the start (hidden files are never keys), a "." or space at the end, and the first letter of a device
name, for example ``con`` (Windows changes or refuses these names). Each key has exactly one path, and no path
stands for two keys. A file whose name is spelled in another way is a foreign file and not a key.

Only lower-case ASCII is used, because file systems have their own tables to fold case and Unicode, and
these tables change between versions. LIMIT keeps every name under 143 bytes, the smallest limit of the
file systems in use (eCryptfs).

The "+" gives folders and files different names, so the keys ``a`` and ``a/b`` can both exist.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote_to_bytes

LIMIT = 120

_PLAIN = r"a-z0-9 _.,@()-"
_other = re.compile(rf"[^{_PLAIN}]")
_device = r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9]) *(?:\.|\Z)"
_edge = re.compile(rf"\A(?:\.|(?={_device}).)|[. ]\Z")
_caret = re.compile(r"\^([a-z])")
# Most segments are plain and short. If this matches, the name is the segment itself.
_is_plain = re.compile(
    rf"(?!{_device})[a-z0-9_,@()-](?:[{_PLAIN}]{{0,{LIMIT - 3}}}[a-z0-9_,@()-])?"
).fullmatch

Folders = tuple[str, ...]
"""The names of the folders from the root down to one of them."""

Place = tuple[Folders, str]
"""The names of the folders, from the root down, and of the file in the last one."""


def place_of(key: str) -> Place:
    """Return the place of the file of ``key``, which must fit the key grammar.

    >>> place_of("invoices/2026/17.json"), place_of("INV-7"), place_of("a/con")
    ((('invoices+', '2026+'), '17.json'), ((), '^i^n^v-7'), (('a+',), '%63on'))
    """
    above, slash, segment = key.rpartition("/")
    folders = _folders(above) if slash else ()
    if _is_plain(segment):
        return folders, segment
    *parts, name = _names(segment)
    return (*folders, *parts), name


@lru_cache(1024)
def _folders(above: str) -> Folders:
    return tuple(name for segment in above.split("/") for name in _folder(segment))


def _folder(segment: str) -> list[str]:
    *parts, name = _names(segment)
    return [*parts, name + "+"]


def _names(segment: str) -> list[str]:
    """Return the names of the folders for the parts of ``segment``, and the name of the rest."""
    if _is_plain(segment):
        return [segment]
    *parts, rest = _split(segment)
    return [*(_encode(part) + "=" for part in parts), _encode(rest) or "%"]


def _split(segment: str) -> Iterator[str]:
    # Each cut depends only on the characters before it. So all segments that begin with the same part are in
    # one folder, and the names in a folder are in the order of the keys below them.
    begin = size = 0
    for end, char in enumerate(segment, 1):
        size += len(_code(char))
        if size >= LIMIT:
            yield segment[begin:end]
            begin, size = end, 0
    yield segment[begin:]


def _encode(text: str) -> str:
    return _edge.sub(lambda edge: _hex(edge[0]), _other.sub(lambda other: _code(other[0]), text))


def _code(char: str) -> str:
    if not _other.match(char):
        return char
    return f"^{char.lower()}" if "A" <= char <= "Z" else _hex(char)


def _hex(char: str) -> str:
    return "".join(f"%{byte:02x}" for byte in char.encode())


def text_of(name: str, *, folder: bool) -> str | None:
    """Return the text that a file or folder called ``name`` adds to keys, or None if it is foreign.

    >>> text_of("2026+", folder=True), text_of("^i^n^v-7", folder=False), text_of("README", folder=False)
    ('2026/', 'INV-7', None)
    """
    if not folder:
        return name if _is_plain(name) else _decode(name, name)
    stem = name[:-1]
    if name.endswith("+"):
        text = _decode(stem, stem)
        return None if text is None else text + "/"
    return _decode(stem, name, "%") if name.endswith("=") else None


def _decode(coded: str, *names: str) -> str | None:
    """Return the text of ``coded``, or None if the names of that text are not exactly ``names``."""
    if _is_plain(coded) and names == (coded,):
        return coded
    if coded == "%":
        return ""
    try:
        text = unquote_to_bytes(_caret.sub(lambda caret: caret[1].upper(), coded)).decode()
    except UnicodeError:  # the bytes, written as %xx or as they are, are not UTF-8
        return None
    return text if _names(text) == list(names) else None
