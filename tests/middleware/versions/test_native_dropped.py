"""Versions that a store keeps by itself, and drops by itself: what vanished is told apart from what never was."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from holdall import Memory, Versions
from holdall.errors import NoRevision
from holdall.history import Note, Version

DAY = timedelta(days=1)
FIRST = datetime(2026, 9, 1, tzinfo=UTC)


class Bucket(Memory):
    """A store that kept four versions of "a" and one of "b"; ``dropped`` are the ids of those that it drops then."""

    def __init__(self, dropped: Iterable[str] = ()) -> None:
        super().__init__()
        self.update(a=b"four", b=b"b")
        self.dropped = set(dropped)
        self.kept = {
            "a": [
                Version("a", "four", FIRST + 2 * DAY, False),  # its clock was behind
                Version("a", "three", FIRST + 3 * DAY, True),
                Version("a", "two", FIRST + DAY, False),
                Version("a", "one", FIRST, False),
            ],
            "b": [Version("b", "b", FIRST, False)],
        }

    def past(self, author: str = "", /) -> "Bucket":
        return self

    def of(self, key: str) -> Iterator[Version]:
        return iter(self.kept.get(key, []))

    def scan(self, prefix: str = "", start: str = "", stop: str | None = None) -> Iterator[Version]:  # type: ignore[override]
        return (version for key in sorted(self.kept) for version in self.kept[key])

    def read(self, versions: Iterable[Version]) -> Iterator[bytes | None]:
        for version in versions:
            yield None if version.id in self.dropped else version.id.encode()

    def notes(self, versions: Iterable[Version]) -> Iterator[Note]:
        return (Note(version.id) for version in versions)


def native(*dropped: str) -> Versions[bytes]:
    return Versions(Bucket(dropped), history="native")


def test_a_version_that_vanished_is_no_revision_any_more() -> None:
    store = native("two")
    with pytest.raises(NoRevision, match="revision 2 of 'a' was dropped"):
        store.at("a", 2)
    assert (store.at("a", 1), store.at("a", 4)) == (b"one", b"four")
    with pytest.raises(KeyError):
        store.at("a", 3)


@pytest.mark.parametrize("number", [-1, 0, 5])
def test_a_number_that_never_was_is_told_with_those_there_are(number: int) -> None:
    with pytest.raises(NoRevision, match="its revisions are 1 to 4"):
        native().at("a", number)


def test_the_store_as_it_was_leaves_out_what_vanished() -> None:
    for dropped, expected in (
        ((), {"a": b"two", "b": b"b"}),
        (("two",), {"b": b"b"}),
        (("b",), {"a": b"two"}),
    ):
        past = native(*dropped).as_of(FIRST + DAY)
        assert dict(past.items()) == expected
        assert {key: past[key] for key in ("a", "b") if key in past} == expected


def test_times_of_a_bucket_whose_clocks_disagree_do_not_go_back() -> None:
    store = native()
    told = [revision.time for revision in store.history("a")]
    assert told == [FIRST + 3 * DAY, FIRST + 3 * DAY, FIRST + DAY, FIRST]
    for days, expected in ((1, b"two"), (2, b"two"), (3, b"four")):
        past = store.as_of(FIRST + days * DAY)
        assert past["a"] == dict(past.items())["a"] == expected


def test_each_revision_has_its_own_note() -> None:
    told = [(one.number, one.author, one.deleted) for one in native().history("a")]
    assert told == [(4, "four", False), (3, "three", True), (2, "two", False), (1, "one", False)]
