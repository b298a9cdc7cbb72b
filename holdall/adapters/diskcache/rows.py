"""Interpret the rows of a table of diskcache."""

import pickle
import zlib
from functools import partial
from typing import Any, Final

from holdall.adapters._shared.plain import MOST, load, show
from holdall.adapters._sources.folder import read_value
from holdall.adapters._sources.values import Document, NotTaken, Pickled
from holdall.keys import Foreign, fits

RAW: Final = 1
_BINARY, _TEXT, _PICKLE = 2, 3, 4
_PICKLED_KEY = "a pickled key "


def to_key(kind: str, key: Any, raw: int, stored: object, *, json: bool) -> str:
    """Return the name of a key that is not a plain text: a `Foreign` that finds ``stored``.

    ``kind`` is SQLite's type of ``key``, whose text comes as bytes. The name of a key that is not text is its
    repr, shortened. ``json``: JSONDisk stored the key; if it is a text and a valid key, its name is a plain str.
    """
    found = _decode(kind, key, raw, json=json)
    if isinstance(found, str):
        return found if json and fits(found) else Foreign(found, stored)
    return Foreign(show(found), stored)


def _decode(kind: str, key: Any, raw: int, *, json: bool) -> Any:
    if json:
        try:
            return Document(_text(_inflate(key))).load()
        except NotTaken:
            return key
    if raw != RAW:
        try:
            return load(key, "utf-8")
        except (pickle.UnpicklingError, MemoryError, RecursionError, TypeError):
            return _PICKLED_KEY + show(key)
    return key.decode(errors="surrogateescape") if kind == "text" else key


def to_value(folder: str, name: str, row: tuple[Any, ...], *, json: bool) -> object:
    """Return the value of the ``row`` (mode, filename, type of value, value) of the shard at ``folder``."""
    mode, filename, kind, stored = row
    content = partial(_content, folder, name, filename)
    value: object
    if mode == RAW:
        value = _text(stored) if kind == "text" else stored
    elif mode == _BINARY:
        value = content()
    elif mode == _TEXT:
        value = _text(content())
    elif mode == _PICKLE:
        value = _pickled(content() if stored is None else stored)
    else:
        raise NotTaken(f"has the mode {mode!r}, which diskcache 5 does not have; restore a backup")
    return Document(_text(_inflate(value))) if json else value


def _content(folder: str, name: str, filename: bytes | None) -> bytes:
    """Return the content of the file. Its path comes from the database and may not leave the folder."""
    parts = (filename or b"").decode(errors="surrogateescape").replace("\\", "/").split("/")
    if any(part in ("", ".", "..") or "\0" in part or ":" in part for part in parts):
        raise NotTaken(f"is in a file outside the folder, {filename!r}, which is not read; restore a backup")
    return read_value(folder, (tuple(parts[:-1]), parts[-1]), name)


def _pickled(stored: object) -> Pickled:
    if not isinstance(stored, bytes):
        raise NotTaken("is not a pickle, although its row says so; restore a backup")
    return Pickled(stored)


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise NotTaken("is a text that is not in UTF-8; restore a backup") from None


def _inflate(value: object) -> bytes:
    """Return what JSONDisk compressed, within `MOST` bytes."""
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(value if isinstance(value, bytes) else b"", MOST)
    except zlib.error:
        content = b""
    if not stream.eof:
        raise NotTaken(
            f"was not compressed by JSONDisk, or has more than {MOST:,} bytes; leave out ?disk=json"
        )
    return content
