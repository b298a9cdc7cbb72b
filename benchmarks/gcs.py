"""A bucket in an emulator of Google Cloud Storage: single requests and a listing, against Google's client."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

from benchmarks.measure import FASTER, FASTER_WAITING, Goal, Row, Work, at_least, compare
from holdall import GCS
from holdall.store import Tag
from holdall.testing.emulators import gcs_server

GROUP = "GCS on fake-gcs-server"
ROUNDS, EACH = 31, 20  # requests of a round
LISTED = 1000
VALUE = b"v" * 1024


def gcs(folder: Path) -> Iterator[Row]:
    """Every contest that has a goal for Google Cloud Storage."""
    with pytest.MonkeyPatch.context() as patch, gcs_server() as endpoint:
        patch.setenv("STORAGE_EMULATOR_HOST", endpoint)
        with GCS("bench", create=True) as store:
            assert store.features  # tests the server now, so that no contest does
            store.update({"ours/a": VALUE, "peer/a": VALUE})
            ours, peer = Ours(store), SDK(endpoint)
            for name, task, goal in (
                ("get / blob.download_as_bytes", "get", at_least(1.8)),
                ("in / blob.exists", "has", at_least(1.5)),
                ("tag / bucket.get_blob", "tag", at_least(1.5)),
                ("set / blob.upload_from_string", "put", at_least(1.5)),
                ("swap / upload_from_string with if_generation_match", "swap", at_least(1.5)),
                ("delete / blob.delete", "delete", at_least(1.5)),
            ):
                if task == "delete":
                    store.set_many(
                        (f"{who}/{n}", b"") for who in ("ours", "peer") for n in range(ROUNDS * EACH)
                    )
                yield _single(name, getattr(ours, task), getattr(peer, task), goal)
            yield _listing(store, ours, peer)


class Ours:
    """Each request through the store."""

    def __init__(self, store: GCS) -> None:
        self._store = store
        self._tag: Tag = store.tag("ours/a")
        self._next = count()

    def get(self) -> None:
        self._store["ours/a"]

    def has(self) -> None:
        assert "ours/a" in self._store

    def tag(self) -> None:
        assert self._store.tag("ours/a")

    def put(self) -> None:
        self._store["ours"] = VALUE

    def swap(self) -> None:
        self._tag = self._store.swap("ours/a", VALUE, self._tag)

    def delete(self) -> None:
        del self._store[f"ours/{next(self._next)}"]

    def keys(self) -> list[str]:
        return list(self._store.scan())


class SDK:
    """The same requests by methods of Google's client."""

    def __init__(self, endpoint: str) -> None:
        login: Any = AnonymousCredentials  # its constructor has no types
        self._bucket: Any = Client("bench", login(), client_options={"api_endpoint": endpoint}).bucket(
            "bench"
        )
        self._generation: int = self._bucket.get_blob("peer/a").generation
        self._next = count()

    def get(self) -> None:
        self._bucket.blob("peer/a").download_as_bytes()

    def has(self) -> None:
        assert self._bucket.blob("peer/a").exists()

    def tag(self) -> None:
        assert self._bucket.get_blob("peer/a").generation

    def put(self) -> None:
        self._bucket.blob("peer").upload_from_string(VALUE)

    def swap(self) -> None:
        blob = self._bucket.blob("peer/a")
        blob.upload_from_string(VALUE, if_generation_match=self._generation)
        self._generation = blob.generation

    def delete(self) -> None:
        self._bucket.blob(f"peer/{next(self._next)}").delete()

    def keys(self) -> list[str]:
        return [blob.name for blob in self._bucket.list_blobs()]


def _single(name: str, ours: Callable[[], None], peer: Callable[[], None], goal: Goal) -> Row:
    def repeated(request: Callable[[], None]) -> Work:
        def work(round: int) -> int:
            for _ in range(EACH):
                request()
            return EACH

        return work

    return compare(
        GROUP, name, repeated(ours), repeated(peer), rounds=ROUNDS, scale=FASTER_WAITING, goal=goal
    )


def _listing(store: GCS, ours: Ours, peer: SDK) -> Row:
    store.clear()
    store.set_many((f"{number:06}", b"") for number in range(LISTED))
    return compare(
        f"{GROUP}: listings",
        f"list {LISTED:,} / bucket.list_blobs",
        lambda _: len(ours.keys()),
        lambda _: len(peer.keys()),
        rounds=15,
        scale=FASTER,  # by the wall clock, this is the time of the emulator
        goal=at_least(1.2),
    )
