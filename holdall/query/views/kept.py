"""The part of a view that does not depend on the number of its queries: to refresh it, and its state."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from holdall.errors import InvalidQuery
from holdall.keys import check_key
from holdall.layer import below
from holdall.query.mapreduce import MapReduce
from holdall.query.reading import Progress
from holdall.query.together import Together
from holdall.query.views.catalog import Catalog
from holdall.query.views.definition import definition, queries_of
from holdall.query.views.problems import Problems
from holdall.query.views.refresh import Source
from holdall.query.views.refresher import DAY, Refresher
from holdall.redact import format_call
from holdall.registry import open as open_store
from holdall.store import Feature, Store, unsupported

_LONGEST: Final = 100  # bytes of a name


class Kept:
    """The results of one query or several, kept in an index. `View` and `Views` have the details."""

    def __init__(
        self,
        store: Store[Any],
        query: MapReduce[Any, Any] | Together[Any, Any],
        index: Store[bytes] | str | None,
        name: str,
        prefix: str,
    ) -> None:
        if Feature.CHANGES not in below(store, type(self)).features:
            remedy = "wrap it in holdall.SnapshotFeed, which compares its keys and tags with remembered ones"
            raise unsupported(store, "keep a view", Feature.CHANGES, remedy)
        self._store = store
        self._made_with = store, query, index, name, prefix
        self._name = _valid_name(name)
        self._index = _opened(store, index, type(self))
        self._refresher = Refresher(
            Catalog(self._index, name),
            Source(store, prefix, query.type),
            queries_of(query),
            definition(query, store, prefix, inside=index is None),
            Problems(name),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        store, query, index, name, prefix = self._made_with
        return _remake, (type(self), (store, query, index), {"name": name, "prefix": prefix})

    @property
    def name(self) -> str:
        """The name of the view in its index."""
        return self._name

    @property
    def prefix(self) -> str:
        """The prefix of the keys of its documents."""
        return self._made_with[-1]

    def __repr__(self) -> str:
        return format_call(type(self).__name__, self._made_with[:2], {"name": self._name})

    # ---- Refreshing ----------------------------------------------------------------------------

    def refresh(self, progress: Progress | None = None) -> int:
        """Include all changes up to now. Return the number of documents that were mapped or deleted.

        ``progress`` is called with the number of documents so far, as in `MapReduce.run`. The changes are
        committed after every 10,000 documents. So after an error or a kill, the next refresh goes on from
        there; until then, stale answers have the changes before `position`, and `refreshed` stays the time at
        which they had all changes. Raises the errors of `MapReduce.run`; in this case, the documents before the
        one that failed may be included or not, and the view answers from an earlier state with ``stale=True``.
        Raises InvalidQuery if a value cannot be kept, Corrupt if the index is damaged, and Conflict after a
        thousand lost attempts.
        """
        return self._refresher.refresh(progress)[0]

    def sweep(self, unused: timedelta = DAY) -> int:
        """Delete the indexes of other definitions of this view that nobody used for ``unused``.

        Also deletes what killed processes left over. Returns the number of deleted indexes. `refresh` does
        this after it has built an index.
        """
        return self._refresher.sweep(unused)

    def drop(self) -> None:
        """Delete the index of this view, of all definitions. The next refresh builds it again."""
        self._refresher.drop()

    # ---- The state -----------------------------------------------------------------------------

    @property
    def position(self) -> str | None:
        """The position in the changes of the store before which stale answers have all changes.

        It is None before the first build.
        """
        state = self._refresher.last_state()
        return state.position if state else None

    @property
    def refreshed(self) -> datetime | None:
        """The time up to which stale answers have all changes, or None before the first build."""
        state = self._refresher.last_state()
        return datetime.fromtimestamp(state.refreshed, UTC) if state else None

    @property
    def behind(self) -> timedelta | None:
        """The age of a stale answer, or None before the first build."""
        refreshed = self.refreshed
        return datetime.now(UTC) - refreshed if refreshed else None


def _remake(kind: type[Kept], arguments: tuple[Any, ...], options: dict[str, Any]) -> Kept:
    return kind(*arguments, **options)


def _valid_name(name: str) -> str:
    check_key(name)
    if "/" in name or len(name.encode()) > _LONGEST:
        raise InvalidQuery(f"the name of a view must not have a slash or over {_LONGEST} bytes: {name!r:.99}")
    return name


def _opened(store: Store[Any], index: Store[bytes] | str | None, kind: type) -> Store[bytes]:
    if isinstance(index, str):
        return open_store(index)
    return store if index is None else below(index, kind)
