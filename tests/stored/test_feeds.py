"""Stores with a change feed that an earlier release wrote: the feed goes on from a position of that release.

They are written and kept as those of test_stored.py are.
"""

import json
from pathlib import Path
from typing import Any

import pytest

import holdall
from holdall import ABSENT, Store
from tests.stored.archives import WRITE
from tests.stored.contents import BYTES
from tests.stored.dumps import RedisKeys

HERE = Path(__file__).parent
FEEDS = {
    "file": "file:{folder}/store?feed=on",
    "lmdb": "lmdb:{folder}/store",
    "sqlite": "sqlite:///{folder}/store.db",
}
SHORT = {key: value for key, value in BYTES.items() if len(key) < 300}


@pytest.fixture(params=["0.1-feeds"])
def release(request: pytest.FixtureRequest) -> Path:
    return HERE / str(request.param)


def write(store: Store[bytes]) -> str:
    """Fill ``store``, and change it after the position that is returned."""
    store.update(SHORT)
    changes = store.changes()
    assert [change.key for change in changes] == sorted(SHORT)
    store["new"] = b"1"
    del store["a/b"]
    return changes.position


def check(store: Store[bytes], position: str) -> None:
    """The feed tells what changed after ``position``, and then what this release writes."""
    expected = {key: value for key, value in SHORT.items() if key != "a/b"} | {"new": b"1"}
    assert dict(store.items()) == expected
    changes = store.changes(position)
    assert {change.key: change.tag for change in changes} == {"a/b": ABSENT, "new": store.tag("new")}
    store["a"] = b"2"
    store.discard("new")
    after = {change.key: change.tag for change in store.changes(changes.position)}
    assert after == {"a": store.tag("a"), "new": ABSENT}
    assert {change.key for change in store.changes()} == {*expected} - {"new"}


@pytest.mark.parametrize("kind", FEEDS)
def test_files(kind: str, archive: Any) -> None:
    folder = archive(kind)
    position = folder / "position.txt"
    with holdall.open(FEEDS[kind].format(folder=folder)) as store:
        if WRITE:
            position.write_text(write(store))
        else:
            check(store, position.read_text())


def test_redis(redis_server: Any, release: Path) -> None:
    path = release / "redis_server.json"
    there = RedisKeys(redis_server)
    if WRITE:
        with there.open() as store:
            position = write(store)
        path.write_text(json.dumps([position, there.dump()], indent=1))
    else:
        position, dumped = json.loads(path.read_text())
        there.load(dumped)
        with there.open() as store:
            check(store, position)
