"""Views, as a configuration file declares them.

    [view.billed]
    store = "invoices"                      # a store that a file declares, or an address
    query = "books.queries:billed"          # a `MapReduce`, as module:name
    index = "sqlite:///{here}/views.db"     # the store that keeps the view; without it, ``store`` keeps it
    prefix = "invoices/"                    # the keys of the documents; without it, all keys

``store`` and ``index`` may contain ``{here}``, as in `holdall.configuration.named`. A query is code, so a view
takes effect only if its file is trusted.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from holdall.address import Address
from holdall.configuration.reading import ConfigFile
from holdall.configuration.toml import address_of, refuse_others, require_name, tables
from holdall.errors import InvalidAddress

_REQUIRED: Final = {"store": "invoices", "query": "books.queries:billed"}
_OPTIONAL: Final = {"index": "sqlite:///{here}/views.db", "prefix": "invoices/"}


@dataclass(frozen=True)
class NamedView:
    """A view that a file declares. ``index`` is None if the store itself keeps the view."""

    name: str
    store: Address
    query: str
    index: Address | None
    prefix: str
    file: Path


def views_of(source: ConfigFile) -> dict[str, NamedView]:
    """Return the views that the file declares. If the file is not valid, InvalidAddress names it."""
    return {name: _view(source.path, name, entry) for name, entry in tables(source, "view").items()}


def _view(file: Path, name: str, entry: Any) -> NamedView:
    examples = _REQUIRED | _OPTIONAL
    if not isinstance(entry, dict):
        raise InvalidAddress(f"{file}: view.{name} is not a table; write [view.{name}]")
    refuse_others(file, entry, set(examples), f"view.{name}.")
    require_name(file, name)
    for each, example in examples.items():
        if not isinstance(entry.get(each, "" if each in _OPTIONAL else None), str):
            raise InvalidAddress(f'{file}: view.{name} has no {each} as text; write {each} = "{example}"')
    store, index = address_of(file, entry["store"]), entry.get("index")
    return NamedView(
        name, store, entry["query"], index and address_of(file, index), entry.get("prefix", ""), file
    )
