"""List the folders below a root one by one."""

import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from holdall.adapters._files.descriptors import in_folder
from holdall.adapters._files.filenames import Folders, Place, text_of
from holdall.adapters._files.oserrors import translate
from holdall.adapters._files.paths import absolute
from holdall.errors import InvalidAddress
from holdall.keys import Span, fits

Entry = tuple[str, str, bool, int]
"""A file or folder: its part of keys as text, its name, whether it is a folder, its tick if asked for."""

Listing = Callable[[Folders], list[Entry]]


class Found(NamedTuple):
    """A key, the place of its file, and its tick if asked for."""

    key: str
    place: Place
    tick: int


def check_root(root: str) -> str:
    """Return ``root`` as an absolute path. Raises InvalidAddress if it cannot be a folder."""
    if "://" in root:
        raise InvalidAddress("file: File takes the path of a folder; holdall.open takes an address")
    path = Path(absolute(root, "file", "file:///path or file:path"))
    try:
        # The file is not opened: if SQLite has it open in this process, closing it would release its locks.
        is_file = path.is_file()
    except OSError as error:
        raise translate(error, root) from error
    if is_file:
        raise InvalidAddress(
            f"{path} is a file; name a folder, which the first write makes if it is missing, "
            f"or write sqlite:///{path} if it is a database"
        )
    return str(path)


def sync(root: str, folders: Folders) -> None:
    """Fsync a folder. If it was removed in the meantime, fsync the nearest folder above that still exists."""
    try:
        in_folder(root, folders, os.fsync, lists=True)
    except FileNotFoundError:
        if folders:
            sync(root, folders[:-1])


def list_folder(root: str, folders: Folders, *, ticks: bool) -> tuple[list[Entry], bool]:
    """Return the entries of a folder in the order of keys, and whether it surely did not change in between.

    A missing folder has no entries.
    """
    try:
        return in_folder(root, folders, partial(_list_unchanged, ticks), lists=True)
    except FileNotFoundError:
        return [], True


def _list_unchanged(ticks: bool, fd: int) -> tuple[list[Entry], bool]:
    # The clock that sets the time of a folder may advance only 100 times per second. So a folder that has
    # just changed may change again and keep the same time.
    begun, before = time.time_ns(), os.fstat(fd).st_mtime_ns
    entries = sorted(_entries(fd, ticks))
    return entries, before == os.fstat(fd).st_mtime_ns and begun - before > 20_000_000


def _entries(fd: int, ticks: bool) -> Iterator[Entry]:
    with os.scandir(fd) as found:
        for entry in found:
            folder = entry.is_dir(follow_symlinks=False)
            if not folder and not entry.is_file(follow_symlinks=False):
                continue
            text = text_of(entry.name, folder=folder)
            if text is None:
                continue
            try:
                tick = entry.stat(follow_symlinks=False).st_mtime_ns if ticks and not folder else 0
            except FileNotFoundError:
                continue
            yield text, entry.name, folder, tick


def list_kinds(root: str, folders: Folders) -> list[tuple[str, str]]:
    """Return the names in a folder, each with "folder", "file" or "other"; a missing folder has no names."""
    try:
        return in_folder(root, folders, _list_kinds, lists=True)
    except FileNotFoundError:
        return []


def _list_kinds(fd: int) -> list[tuple[str, str]]:
    with os.scandir(fd) as found:
        return [(entry.name, _kind(entry)) for entry in found]


def _kind(entry: "os.DirEntry[str]") -> str:
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"


def walk(listing: Listing, span: Span) -> Iterator[Found]:
    """Yield the keys of ``span``, in order. Folders that cannot hold such a key are not listed."""
    levels: list[tuple[Folders, str, Iterator[Entry]]] = [((), "", iter(listing(())))]
    while levels:
        folders, base, entries = levels[-1]
        for text, name, folder, tick in entries:
            key = base + text
            if span.high is not None and key >= span.high:
                return
            if folder:
                if may_hold(key, span):
                    below = (*folders, name)
                    levels.append((below, key, iter(listing(below))))
                    break
            elif key >= span.low and span.shows(key) and fits(key):
                yield Found(key, (folders, name), tick)
        else:
            levels.pop()


def may_hold(base: str, span: Span) -> bool:
    """Return whether a folder can hold a key of ``span``, if all keys in it begin with ``base``."""
    return (base >= span.low or span.low.startswith(base)) and span.shows(base)
