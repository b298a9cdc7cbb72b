"""Which index of a view answers: while one is built, after the query changed, and after the feed expired."""

from collections.abc import Container, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from holdall import Changes, Expired, Json, Memory, PermissionDenied, Store
from holdall.query import MapReduce, View
from holdall.query.views import catalog, refresh, refresher
from holdall.store import Tag


def lengths(key: str, text: str) -> Iterator[tuple[str, int]]:
    yield "all", len(text)


def doubled(key: str, text: str) -> Iterator[tuple[str, int]]:
    yield "all", 2 * len(text)


def tripled(key: str, text: str) -> Iterator[tuple[str, int]]:
    yield "all", 3 * len(text)


OLD = MapReduce(lengths, "sum")
NEW = MapReduce(doubled, "sum")


class Stop(Exception):
    """Ends a refresh, as a kill would."""


class Limited(Memory):
    """A store whose feed cannot go on from the positions ``expired``."""

    expired: Container[str | None] = ()

    def changes(self, since: str | None = None, *, prefix: str = "") -> Changes:
        if since in self.expired:
            raise Expired("it is too old")
        return super().changes(since, prefix=prefix)


class Everything:
    def __contains__(self, position: str | None) -> bool:
        return position is not None


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "BATCH", 10)


@pytest.fixture
def lower() -> Limited:
    return Limited()


@pytest.fixture
def texts(lower: Limited) -> Store[str]:
    store = Json(lower, type=str)
    store.update({f"{number:03}": "four" for number in range(95)})
    return store


def stop_after(count: int) -> Any:
    def progress(documents: int) -> None:
        if documents >= count:
            raise Stop

    return progress


def test_a_killed_build_goes_on_and_sees_what_changed_in_the_meantime(texts: Store[str]) -> None:
    with pytest.raises(Stop):
        View(texts, OLD, name="view").refresh(stop_after(55))
    del texts["003"]
    texts["010"] = "seventh"
    texts["0"] = "one"
    counts: list[int] = []
    view = View(texts, OLD, name="view")
    assert view.refresh(counts.append) == 45 + 3
    assert counts == sorted(counts)
    assert view.rows() == OLD.run(texts)


def test_a_new_definition_is_built_beside_the_old_one(texts: Store[str]) -> None:
    old = View(texts, OLD, name="view")
    assert old.refresh() == 95
    new = View(texts, NEW, name="view")
    with pytest.raises(Stop):
        new.refresh(stop_after(55))
    assert new.rows(stale=True) == old.rows(stale=True) == OLD.run(texts)
    assert new.rows() == NEW.run(texts)
    texts["000"] = "zero and more"
    assert (old.refresh(), new.refresh()) == (1, 1)
    assert old.rows(stale=True) == OLD.run(texts)
    assert new.sweep() == 0
    assert new.sweep(unused=timedelta()) == 1
    assert old.refresh() == 95


def test_a_definition_with_another_reducer_does_not_answer(texts: Store[str]) -> None:
    View(texts, OLD, name="view").refresh()
    count = MapReduce(lengths, "count")
    assert View(texts, count, name="view").rows(stale=True) == count.run(texts)


def test_a_position_that_expired_builds_the_index_again(lower: Limited, texts: Store[str]) -> None:
    view = View(texts, OLD, name="view")
    view.refresh()
    before = view.rows(stale=True)
    texts["000"] = "zero"
    texts["001"] = "one, or more"
    lower.expired = [view.position]
    with pytest.raises(Stop):
        view.refresh(stop_after(55))
    assert View(texts, OLD, name="view").rows(stale=True) == before
    assert view.refresh() == 95 - 50
    assert view.rows() == OLD.run(texts)
    lower.expired = Everything()
    with pytest.raises(Expired):
        view.refresh()


def test_age(texts: Store[str]) -> None:
    view = View(texts, OLD, name="view")
    assert (view.position, view.refreshed, view.behind) == (None, None, None)
    began = datetime.now(UTC)
    view.refresh()
    other = View(texts, OLD, name="view")
    for each in (view, other):
        assert each.position == view.position
        assert each.refreshed is not None
        assert began <= each.refreshed <= datetime.now(UTC)
        assert each.behind is not None
        assert each.behind >= timedelta()
    texts["000"] = "zero"
    position = view.position
    view.refresh()
    assert position != view.position == other.position


def test_an_index_of_its_own(texts: Store[str]) -> None:
    index = Memory()
    view = View(texts, OLD, index)
    assert view.rows() == OLD.run(texts)
    assert not list(texts.raw().scan(".holdall/views/"))
    assert View(texts, OLD, index).refresh() == 0
    assert View(texts, OLD, "memory://test_an_index_of_its_own").rows() == OLD.run(texts)


def test_an_index_of_another_store_is_built_again(texts: Store[str]) -> None:
    index = Memory()
    View(texts, OLD, index).refresh()
    other = Json(Memory(), type=str)
    other["a"] = "b"
    assert View(other, OLD, index).rows() == OLD.run(other)
    assert View(texts, OLD, index).rows() == OLD.run(texts)


def test_stores_that_share_an_index_and_a_name_never_answer_for_each_other(texts: Store[str]) -> None:
    index, other = Memory(), Json(Memory(), type=str)
    other["a"] = "b"
    one = View(texts, OLD, index)
    assert one.refresh() == 95
    assert View(other, NEW, index, name="lengths").rows(stale=True) == NEW.run(other)
    assert View(other, OLD, index).refresh() == 1
    assert View(texts, OLD, index, prefix="00").rows(stale=True) == OLD.run(texts, "00")
    assert one.refresh() == View(texts, OLD, index).refresh() == 0


def test_the_newest_of_several_old_definitions_answers(texts: Store[str]) -> None:
    for query in (OLD, NEW):
        View(texts, query, name="view").refresh()
    assert View(texts, MapReduce(tripled, "sum"), name="view").rows(stale=True) == NEW.run(texts)


class Clock(SimpleNamespace):
    """Takes the place of the module `time` in views. It advances if it is told to."""

    now = 1e9

    def time(self) -> float:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration).total_seconds()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (catalog, refresher):
        monkeypatch.setattr(module, "time", clock)
    return clock


def test_an_index_that_is_only_read_is_in_use(texts: Store[str], clock: Clock) -> None:
    old, new = (View(texts, query, name="view") for query in (OLD, NEW))
    old.refresh()
    new.refresh()
    for _ in range(10):
        clock.advance(hours=5)
        new.refresh()
        assert new.sweep() == 0
        assert old.rows(stale=True) == OLD.run(texts)
    clock.advance(hours=25)
    assert new.sweep() == 1


def test_an_index_that_is_built_for_over_a_day_is_in_use(texts: Store[str], clock: Clock) -> None:
    new = View(texts, NEW, name="view")
    new.refresh()
    swept: list[int] = []

    def progress(documents: int) -> None:
        clock.advance(hours=5)
        swept.append(new.sweep())

    assert View(texts, OLD, name="view").refresh(progress) == 95
    assert len(swept) >= 9
    assert not any(swept)


class Locked(Memory):
    """An index that refuses writes while it is ``locked``."""

    locked = False

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        if self.locked:
            raise PermissionDenied("it is locked")
        return super().swap(key, value, expected)


def test_a_reader_need_not_be_able_to_write_to_the_index(texts: Store[str], clock: Clock) -> None:
    index = Locked()
    View(texts, OLD, index).refresh()
    index.locked = True
    clock.advance(hours=2)
    assert View(texts, OLD, index).rows(stale=True) == OLD.run(texts)


def test_a_prefix(texts: Store[str]) -> None:
    view = View(texts, OLD, prefix="00")
    assert view.rows() == OLD.run(texts, "00")
    texts["00"] = "zero"
    texts["1"] = "one"
    assert view.refresh() == 1
    assert view.rows() == OLD.run(texts, "00")


def by_text(key: str, text: str) -> Iterator[tuple[str, int]]:
    yield text, 1


def test_an_answer_between_two_steps_of_a_refresh_says_how_far_it_goes(
    texts: Store[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "BATCH", 2)
    query = MapReduce(by_text, "count")
    view = View(texts, query, name="view")
    view.refresh()
    built = view.position, view.refreshed
    before = {row.key: row.value for row in view.rows(stale=True)}
    for number in range(6):
        texts[f"new{number}"] = f"word{number}"

    def stop(documents: int) -> None:
        if documents > 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        view.refresh(stop)
    between = View(texts, query, name="view")
    found = {row.key for row in between.rows(stale=True)} - before.keys()
    assert len(found) == 2
    # The position goes on from the step, and the time stays that of the last answer that had all changes.
    left = {change.key for change in texts.changes(between.position)}
    assert left == {f"new{number}" for number in range(6)} - {f"new{word[4:]}" for word in found}
    assert between.position != built[0]
    assert between.refreshed == built[1]
    assert between.refresh() == 4
    assert between.refreshed != built[1]
    assert between.rows(stale=True) == query.run(texts)
