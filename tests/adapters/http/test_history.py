"""The history that a service keeps, as the client sees it."""

from datetime import UTC, datetime, timedelta

import pytest

import holdall
from holdall import Json, Memory, PermissionDenied, Unsupported, Versions
from holdall.errors import NoRevision
from holdall.history import note
from tests.adapters.http.service import running


@pytest.fixture(scope="module")
def service():
    with running(lambda: Json(Versions(Memory())), stores=8) as service:
        yield service


@pytest.fixture
def store(service):
    with service.open() as store:
        yield Json(store)


def test_revisions_values_and_notes(store, service):
    assert holdall.Feature.HISTORY in store.features
    with note(author="Ann", message="zuerst: é"):
        store["a"] = {"n": 1}
    store["a"] = {"n": 2}
    del store["a"]
    below = service.below(store.inner)
    found, expected = list(store.history("a")), list(below.history("a"))
    assert [(each.number, each.time, each.deleted) for each in found] == [
        (each.number, each.time, each.deleted) for each in expected
    ]
    assert [each.message for each in found] == ["", "", "zuerst: é"]
    assert [store.at("a", number) for number in (1, 2)] == [{"n": 1}, {"n": 2}]
    with pytest.raises(KeyError):
        store.at("a", 3)
    for number in (0, -1, 4, 2**70):
        with pytest.raises(NoRevision):
            store.at("a", number)
    for call in (lambda: store.history("never"), lambda: store.at("never", 1), lambda: store.at("never", 0)):
        with pytest.raises(KeyError) as missing:
            call()
        assert missing.value.args == ("never",)


@pytest.mark.servers
def test_a_long_history_comes_in_pages(store):
    for number in range(205):
        store["a"] = number
    assert [each.number for each in store.history("a")] == list(range(205, 0, -1))
    assert store.at("a", 103) == 102


def test_the_store_as_of_a_time(store):
    store.update({"a": 1, "b/1": 2, "b/2": 3})
    time = next(store.history("b/2")).time
    store.update({"a": 4, "c": 5})
    del store["b/1"]
    then = store.as_of(time)
    assert dict(then.items()) == {"a": 1, "b/1": 2, "b/2": 3}
    assert (then["b/1"], then.get("c"), list(then.scan("b/", start="b/2"))) == (2, None, ["b/2"])
    assert not list(store.as_of(time - timedelta(days=1)))
    with pytest.raises(PermissionDenied):
        then["a"] = 1
    with pytest.raises(PermissionDenied):
        del then["a"]
    for wrong, error in ((datetime(2026, 1, 1), ValueError), ("2026-01-01", TypeError)):  # noqa: DTZ001
        with pytest.raises(error):
            store.as_of(wrong)


def test_a_service_without_history_refuses():
    with running(stores=1) as service, service.open() as store:
        for call in (
            lambda: store.history("a"),
            lambda: store.at("a", 1),
            lambda: store.as_of(datetime.now(UTC)),
        ):
            with pytest.raises(Unsupported):
                call()
