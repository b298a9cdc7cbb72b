"""The views that an index keeps, whatever their queries are."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

from holdall.errors import Corrupt, InvalidQuery
from holdall.query.views.catalog import Catalog, Generation
from holdall.query.views.nodes import Damaged
from holdall.query.views.state import State
from holdall.store import Store

_ROOT: Final = ".holdall/views/"


class Size(NamedTuple):
    """The numbers of documents in a group and of groups, for one query of a view."""

    documents: int
    groups: int


class Listed(NamedTuple):
    """An index of the view ``name``, for one definition of it. If it is not complete, it is being built.

    ``sizes`` has the size of each query, and ``bytes`` is the size of the index. ``position`` and ``refreshed``
    are those of the changes that it includes. If nothing was committed yet, these are None.
    """

    name: str
    definition: str
    complete: bool
    sizes: tuple[Size, ...] = ()
    bytes: int = 0
    position: str | None = None
    refreshed: datetime | None = None


def list_views(index: Store[bytes]) -> Iterator[Listed]:
    """Yield the views that ``index`` keeps, by name, and those of one name oldest first. Raises Corrupt."""
    for name in _names(index):
        catalog = Catalog(index, name)
        try:
            for generation in catalog.read():
                yield _listed(catalog, name, generation)
        except Damaged as problem:
            raise Corrupt(
                f"the index of the view {name!r} is damaged ({problem}); drop the view, and refresh it again"
            ) from problem


def drop_view(index: Store[bytes], name: str) -> None:
    """Delete what ``index`` keeps of the view ``name``. Raises InvalidQuery, with the names, if it keeps none."""
    found = list(_names(index))
    if name not in found:
        raise InvalidQuery(
            f"{index!r} keeps no view {name!r}; name one of those that it keeps: {', '.join(found) or 'none'}"
        )
    Catalog(index, name).drop()


def _names(index: Store[bytes]) -> Iterator[str]:
    kept, start = index.raw(_ROOT), ""
    while (key := next(kept.scan(start=start), None)) is not None:
        name = key.partition("/")[0]
        yield name
        start = f"{name}0"  # "0" is the character after "/"


def _listed(catalog: Catalog, name: str, generation: Generation) -> Listed:
    listed = Listed(name, generation.definition, generation.complete)
    head = catalog.table(generation.id).head()
    if head is None:
        return listed
    state = State.load(head.data)
    refreshed = datetime.fromtimestamp(state.refreshed, UTC)
    sizes = tuple(Size(part.count, part.groups.count) for part in state.parts)
    size = state.size + len(head.data)
    return listed._replace(sizes=sizes, bytes=size, position=state.position, refreshed=refreshed)
