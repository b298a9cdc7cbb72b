"""Finds the configuration file that declares a named store, or a view.

holdall looks for a name in the file that HOLDALL_CONFIG names. Without that variable, it looks in
``holdall.toml`` in the current folder, or in the nearest folder above it that has one, and then in the user's
configuration folder (``~/.config/holdall/holdall.toml`` on Linux; with the extra ``config``).

holdall refuses a file that other users can write, or that belongs to a user other than you and root. It also
refuses a symbolic link in the current folder or above it. The environment and your configuration folder are
your own: a file in that folder, or at an absolute path in HOLDALL_CONFIG, takes effect. Any other file may
have come with a project that you downloaded. Its stores take effect if they are harmless (see
`holdall.configuration.harmless`), or if you trust the file (see `holdall.configuration.trust`).
"""

import os
import stat
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from holdall.address import suggest
from holdall.configuration.harmless import harm
from holdall.configuration.named import Named, stores_of
from holdall.configuration.reading import ConfigFile, read, resolve
from holdall.configuration.toml import table
from holdall.configuration.views import NamedView, views_of
from holdall.errors import InvalidAddress, PermissionDenied

VARIABLE: Final = "HOLDALL_CONFIG"
NAME: Final = "holdall.toml"


def find(name: str) -> Named:
    """Return the store with this name.

    Raises InvalidAddress, with the existing names, if no file declares the store, and PermissionDenied if the
    file that declares it needs trust.
    """
    for file in _files():
        if found := stores_of(file).get(name):
            _require_trust(file, found)
            _warn_if_exposed(file, found)
            return found
    raise InvalidAddress(
        f"no store is named {name!r}: {_describe(name, stores())}; for a folder write './{name}', for a "
        f"database 'sqlite:///{name}'"
    )


def find_view(name: str) -> NamedView:
    """Return the view with this name. Raises as `find` does."""
    for file in _files():
        if found := views_of(file).get(name):
            _require_trusted(file, f"view.{name}", "query")
            return found
    raise InvalidAddress(
        f"no view is named {name!r}: {_describe(name, views())}; declare it as [view.{name}]"
    )


def find_books() -> tuple[Path, dict[str, Any]] | None:
    """Return the table [books] with its file, or None if no file has one.

    The table is not checked: `holdall.domain.settings` knows its entries. It runs no code and names no
    address, so it needs no trust.
    """
    return _find_table("books")


def find_bank() -> tuple[Path, dict[str, Any]] | None:
    """Return the table [bank] with its file, or None if no file has one. It is not checked either."""
    return _find_table("bank")


def _find_table(name: str) -> tuple[Path, dict[str, Any]] | None:
    for file in _files():
        if found := table(file, name):
            return file.path, found
    return None


def _describe(name: str, declared: Sequence[Named | NamedView]) -> str:
    """Return the files that do not declare ``name``, and the names that they declare."""
    paths = ", ".join(str(file.path) for file in _files())
    known = [each.name for each in declared]
    return f"{paths}; {suggest(name, known)}" if known else f"there is no {NAME}"


def stores() -> list[Named]:
    """Return every named store, in the order of the names; of equal names, the store that would be opened."""
    found: dict[str, Named] = {}
    for file in _files():
        found = stores_of(file) | found
    return [found[name] for name in sorted(found)]


def views() -> list[NamedView]:
    """Return every declared view, in the order of the names; of equal names, the view that takes effect."""
    found: dict[str, NamedView] = {}
    for file in _files():
        found = views_of(file) | found
    return [found[name] for name in sorted(found)]


def _files() -> Iterator[ConfigFile]:
    """Yield the files in which holdall looks for a name, in that order."""
    if named := os.environ.get(VARIABLE):
        own = Path(named).is_absolute()
        yield read(resolve(Path(named)), trusted=own, owners=not own)
        return
    here = Path.cwd()
    for folder in (here, *here.parents):
        if _is_file(folder / NAME) or (folder / NAME).is_symlink():
            yield read(folder / NAME)
            break
    yield from _user_files()


def _user_files() -> Iterator[ConfigFile]:
    try:
        import platformdirs
    except ModuleNotFoundError:
        return
    file = platformdirs.user_config_path("holdall") / NAME
    if _is_file(file):
        yield read(resolve(file), trusted=True)


def _is_file(path: Path) -> bool:
    """Return whether ``path`` is a file. Raises PermissionDenied if a folder above it may not be searched."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except PermissionError as error:
        raise PermissionDenied(
            f"{path} cannot be reached: {error.strerror}; set {VARIABLE} to a file that you can read"
        ) from error
    except OSError:
        return False


def _require_trust(file: ConfigFile, found: Named) -> None:
    if reason := harm(found):
        _require_trusted(file, f"store.{found.name}", reason)


def _require_trusted(file: ConfigFile, declared: str, reason: str) -> None:
    if file.trusted:
        return
    from holdall.configuration.trust import is_trusted  # late: it needs an extra that is rarely used

    if not is_trusted(file):
        raise PermissionDenied(
            f"{declared} in {file.path} needs your trust: {reason} may run code or send credentials; "
            f"read the file first, and if you agree with every line, run `holdall trust {file.path}`"
        )


def _warn_if_exposed(file: ConfigFile, found: Named) -> None:
    if file.exposed and found.holds_secret:
        message = f"{file.path} holds a secret and other users can read it; run `chmod 600 {file.path}`"
        warnings.warn(message, stacklevel=2)
