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


class Listed(NamedTuple):
    """An index of the view ``name``, for one definition of its query. If it is not complete, it is being built.

    ``position`` and ``refreshed`` are those of the changes that it includes. They are None, and ``groups`` is 0,
    if nothing was committed yet.
    """

    name: str
    definition: str
    complete: bool
    groups: int = 0
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
    return listed._replace(groups=state.groups.count, position=state.position, refreshed=refreshed)
