"""Files below a folder that are not the value of any key."""

from collections.abc import Callable, Iterable, Iterator

from holdall.adapters._files.filenames import Folders, text_of
from holdall.adapters._files.folders import may_hold
from holdall.keys import Foreign, Span, fits

Inside = Callable[[Folders], Iterable[tuple[str, str]]]
"""Lists a folder: each name in it and its kind, which is "folder", "file", or another word."""


def foreign_files(inside: Inside, span: Span) -> Iterator[Foreign]:
    """Yield the paths of the files, links and devices that are not keys, in no order and without hidden ones.

    If the name of a folder is not part of any key, every file in it is foreign. ``span`` selects by the text
    that the folder adds to its keys, followed by the name of the file.
    """
    waiting: list[tuple[Folders, str, bool]] = [((), "", True)]
    while waiting:
        folders, base, ours = waiting.pop()
        for name, kind in inside(folders):
            if name.startswith("."):
                continue
            is_folder = kind == "folder"
            text = text_of(name, folder=is_folder) if ours and kind in ("folder", "file") else None
            key = base + (name + "/" * is_folder if text is None else text)
            if not is_folder:
                if (text is None or not fits(key)) and key in span:
                    yield Foreign("/".join((*folders, name)))
            elif may_hold(key, span):
                waiting.append(((*folders, name), key, text is not None))
