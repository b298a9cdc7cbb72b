"""Two processes do not build one index twice, and a builder that ends or hangs does not stop the others."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from holdall import Json, Lease, Memory, Store
from holdall.query import MapReduce, Row, View
from holdall.query.views import building, refresh
from holdall.query.views.catalog import BUILD
from tests.query.views.tables import SwapOnly

WAIT = 60.0  # seconds, at most


def lengths(key: str, text: str) -> Iterator[tuple[str, int]]:
    yield "all", len(text)


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> Store[str]:
    monkeypatch.setattr(refresh, "BATCH", 2)
    monkeypatch.setattr(building, "_LOOK", 0.001)
    store = Json(Memory(), type=str)
    store.update({f"{number}": "text" for number in range(6)})
    return store


def mapping(call: Callable[[str], object]) -> MapReduce[str, int]:
    """A query whose definition does not depend on what ``call`` does."""
    calls = [call]

    def map(key: str, text: str) -> Iterator[tuple[str, int]]:
        calls[0](key)
        yield "all", len(text)

    return MapReduce(map, "sum")


class Hook:
    """Calls whatever function it has now. Two of them have one description."""

    def __init__(self) -> None:
        self.call: Callable[[str], object] = str

    def __reduce__(self) -> Any:
        return Hook, ()

    def __call__(self, key: str) -> None:
        self.call(key)


def views(texts: Store[str], index: Store[bytes]) -> tuple[View[int], View[int], Hook, Hook]:
    """Two views of one definition, each with the function that its map calls."""
    one, other = Hook(), Hook()
    made = [View(texts, mapping(each), index, name="view") for each in (one, other)]
    assert made[0]._refresher.definition == made[1]._refresher.definition
    return made[0], made[1], one, other


@pytest.mark.parametrize("kind", [Memory, SwapOnly])
def test_the_second_process_waits_with_progress_while_the_old_definition_answers(
    texts: Store[str], kind: type[Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "TTL", WAIT)
    index = kind()
    View(texts, MapReduce(lengths, "sum"), index, name="view").refresh()
    first, second, calls, others = views(texts, index)
    builds, goes_on, mapped, told = threading.Event(), threading.Event(), [], []

    def stop(key: str) -> None:
        if key == "3":
            builds.set()
            assert goes_on.wait(WAIT)

    def tell(documents: int) -> None:
        told.append(documents)
        goes_on.set()

    calls.call, others.call = stop, mapped.append
    builder = threading.Thread(target=first.refresh)
    builder.start()
    try:
        assert builds.wait(WAIT)
        assert second.rows(stale=True) == [Row("all", 24)]
        assert second.refresh(tell) == 0
    finally:
        goes_on.set()
        builder.join()
    assert mapped == []
    assert told[0] == 2
    assert second.rows(stale=True) == first.rows() == [Row("all", 24)]


def test_a_build_whose_process_was_killed_goes_on_when_its_lease_has_expired(texts: Store[str]) -> None:
    index = Memory()
    view, other, calls, _ = views(texts, index)

    def die(key: str) -> None:
        raise ZeroDivisionError

    calls.call = die
    with pytest.raises(Exception, match="ZeroDivisionError"):
        view.refresh()
    catalog = view._refresher.catalog
    (generation,) = catalog.read()
    assert Lease(catalog.part(generation.id), BUILD, 0.01).acquire(timeout=0)  # it was released
    assert other.refresh() == 6
    assert other.rows(stale=True) == [Row("all", 24)]


def test_a_builder_that_was_paused_for_too_long_does_no_harm(texts: Store[str]) -> None:
    view, other, calls, others = views(texts, Memory())
    mapped: list[str] = []
    others.call = mapped.append

    def pause(key: str) -> None:
        if key == "3":
            calls.call = str
            other.refresh()

    calls.call = pause
    view.refresh()
    assert mapped == ["2", "3", "4", "5"]
    assert view.rows(stale=True) == other.rows(stale=True) == [Row("all", 24)]


def test_an_index_that_is_deleted_leaves_no_lease(texts: Store[str]) -> None:
    index = Memory()
    view = View(texts, MapReduce(lengths, "sum"), index, name="view")
    view.refresh()
    assert list(index.raw())
    view.drop()
    assert not list(index.raw())
