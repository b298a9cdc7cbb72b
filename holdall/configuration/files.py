"""Where the name of a store is looked for.

A name is looked for in the file that HOLDALL_CONFIG names; without that variable in ``holdall.toml`` in the
current folder or the nearest one above it that has one, and then in the user's configuration folder
(``~/.config/holdall/holdall.toml`` on Linux; with the extra ``config``). A file found in a folder is used
only if it is the user's own or the administrator's: what it says can run code.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from holdall.address import meant
from holdall.configuration.named import Named, stores_of
from holdall.errors import InvalidAddress, PermissionDenied

VARIABLE: Final = "HOLDALL_CONFIG"
NAME: Final = "holdall.toml"
_ADMINISTRATOR: Final = 0  # the user id of root


def find(name: str) -> Named:
    """The store of that name; InvalidAddress, with those there are, where no file declares it."""
    files = list(_files())
    for file in files:
        if found := stores_of(file).get(name):
            return found
    known = [each.name for each in stores()]
    looked = f"{', '.join(map(str, files))}; {meant(name, known)}" if known else f"there is no {NAME}"
    raise InvalidAddress(
        f"no store is named {name!r}: {looked}; the folder of that name is './{name}', a database "
        f"'sqlite:///{name}'"
    )


def stores() -> list[Named]:
    """Every store that can be opened by name, by name; of equal names the one that would be opened."""
    found: dict[str, Named] = {}
    for file in _files():
        found = stores_of(file) | found
    return [found[name] for name in sorted(found)]


def _files() -> Iterator[Path]:
    """The files in which a name is looked for, the first one first."""
    if named := os.environ.get(VARIABLE):
        yield Path(named)
        return
    here = Path.cwd()
    nearest = (folder / NAME for folder in (here, *here.parents) if (folder / NAME).is_file())
    for file in (*list(nearest)[:1], *_user_files()):
        _require_own(file)
        yield file


def _user_files() -> Iterator[Path]:
    try:
        import platformdirs
    except ModuleNotFoundError:
        return
    file = platformdirs.user_config_path("holdall") / NAME
    if file.is_file():
        yield file


def _require_own(file: Path) -> None:
    if hasattr(os, "getuid") and file.stat().st_uid not in (_ADMINISTRATOR, os.getuid()):
        raise PermissionDenied(
            f"{file} belongs to another user; to use it all the same, set {VARIABLE}={file}"
        )
