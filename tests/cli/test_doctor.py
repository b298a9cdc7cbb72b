"""The doctor: what it finds on sound, limited and broken stores, and that nothing of it is left behind."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from holdall import (
    ABSENT,
    DBM,
    Conflict,
    Feature,
    File,
    Memory,
    PermissionDenied,
    ReadOnly,
    SQLite,
    Store,
    Tag,
    Unavailable,
)
from holdall.cli.app import app
from holdall.cli.checks import Checks

CHECKS = ["list", "write", "read", "compare-and-swap", "compare-and-delete", "delete"]


def details(store: Store[bytes]) -> dict[str, str]:
    with closing(Checks(store).run()) as results:
        return {finding.check: finding.detail for finding in results}


def outcomes(store: Store[bytes]) -> dict[str, str]:
    with closing(Checks(store).run()) as results:
        return {finding.check: finding.outcome for finding in results}


@pytest.mark.parametrize("make", [lambda path: File(path), lambda path: SQLite(path / "a.db")])
def test_a_sound_store_can_do_it_all_and_is_left_as_it_was(
    make: Callable[[Path], Store[bytes]], tmp_path: Path
) -> None:
    store = make(tmp_path)
    store["invoices/1"] = b"kept"
    assert outcomes(store) == dict.fromkeys(CHECKS, "yes") | {"foreign names": ""}
    assert dict(store.raw()) == {"invoices/1": b"kept"}


def test_a_store_of_several_files_is_found_by_its_name(tmp_path: Path) -> None:
    DBM(tmp_path / "notes", flavor="dumb")["a"] = b"1"
    result = CliRunner().invoke(app, ["doctor", f"dbm:{tmp_path}/notes"])
    assert (result.exit_code, "the first key is 'a'" in result.output) == (0, True)


def test_what_a_store_does_not_offer_is_no_failure() -> None:
    class Plain(Memory):
        @property
        def features(self) -> Feature:
            return Feature.SEEK

        swap = Store.swap
        remove = Store.remove

    found = outcomes(Plain())
    assert found["compare-and-swap"] == found["compare-and-delete"] == "no"
    assert found["delete"] == "yes"


def test_two_winners_of_one_race_are_found() -> None:
    class LastWins(Memory):
        def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
            self[key] = value
            return ABSENT

    assert outcomes(LastWins())["compare-and-swap"] == "failed"


def test_a_store_that_returns_another_value_is_found() -> None:
    class Lossy(Memory):
        def __getitem__(self, key: str, /) -> bytes:
            return super().__getitem__(key)[:-1]

    assert outcomes(Lossy())["read"] == "failed"


def test_a_store_that_keeps_nothing_is_found() -> None:
    class Sieve(Memory):
        def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
            pass

    assert outcomes(Sieve())["read"] == "failed"


def test_where_writing_is_refused_the_rest_is_left_out() -> None:
    assert outcomes(ReadOnly(Memory())) == {
        "list": "yes",
        "write": "failed",
        "foreign names": "",
        "stored keys": "",
    }


def test_info_that_fails_costs_no_other_finding() -> None:
    class Silent(Memory):
        def info(self) -> dict[str, str]:
            raise Unavailable("no answer")

    assert outcomes(Silent()) == dict.fromkeys(CHECKS, "yes") | {"foreign names": "", "info": "failed"}


def test_a_failure_says_what_to_do_and_makes_the_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionDenied("the bucket is another's; ask for access")

    monkeypatch.setattr(Memory, "__setitem__", refuse)
    monkeypatch.setattr(Memory, "set_many", refuse)
    result = CliRunner().invoke(app, ["doctor", "memory://sick"])
    assert result.exit_code == 1
    assert "ask for access" in result.output


def test_it_can_be_given_up_half_way() -> None:
    store = Memory()
    with closing(Checks(store).run()) as results:
        while next(results).check != "read":
            pass
    assert dict(store.raw()) == {}


def test_each_finding_says_what_was_seen() -> None:
    store = Memory()
    found = details(store)
    assert found["list"] == "the store is empty"
    assert re.fullmatch(r"\d+\.\d ms", found["write"])
    assert re.fullmatch(r"\d+\.\d ms, the median of 5", found["read"])
    assert re.fullmatch(r"\d+\.\d ms", found["delete"])
    assert found["compare-and-swap"] == "one of two concurrent writers won, in each of 5 races"
    assert found["compare-and-delete"] == "one of two concurrent deletes won, in each of 5 races"
    store["b"] = store["a"] = b""
    assert details(store)["list"] == "the first key is 'a'"


def test_each_refusal_says_why() -> None:
    class Plain(Memory):
        features = Feature.SEEK  # type: ignore[assignment]
        swap = Store.swap
        remove = Store.remove

    found = details(Plain())
    assert found["compare-and-swap"] == "Plain() cannot compare and swap: it lacks SWAP"
    assert found["compare-and-delete"] == "Plain() cannot compare and delete: it lacks REMOVE"

    class Modest(Memory):
        features = Feature.SEEK  # type: ignore[assignment]

        def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
            return ABSENT

    assert details(Modest())["compare-and-swap"] == "the store does not offer it"


def test_each_failure_says_what_to_do() -> None:
    class LastWins(Memory):
        def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
            self[key] = value
            return ABSENT

    class NeverWins(Memory):
        def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
            raise Conflict("lost", key=key)

    class Lossy(Memory):
        def __getitem__(self, key: str, /) -> bytes:
            return super().__getitem__(key)[:-1]

    class Sieve(Memory):
        def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
            pass

    class Sticky(Memory):
        def discard(self, key: str, /) -> None:
            pass

    alone = "use this store with only one writer at a time"
    assert details(LastWins())["compare-and-swap"] == f"2 of two concurrent writers won; {alone}"
    assert details(NeverWins())["compare-and-swap"] == f"0 of two concurrent writers won; {alone}"
    other = "the value that was read is not the value that was written; do not use this store"
    assert details(Lossy())["read"] == other
    assert details(Sieve())["read"] == "the value that was written is missing; do not use this store"
    sticky = "the key is still there after it was deleted; do not use this store"
    assert details(Sticky())["delete"] == sticky
    assert "was opened read-only" in details(ReadOnly(Memory()))["write"]


def test_doctor_asks_for_no_info_if_listing_fails() -> None:
    class Mute(Memory):
        def scan(self, *args: object, **bounds: object) -> Iterator[str]:
            raise Unavailable("no answer")

        def info(self) -> dict[str, str]:
            raise AssertionError

    assert details(Mute())["list"] == "no answer"

    class Told(Memory):
        def info(self) -> dict[str, str]:
            return {"server": "one"}

    assert (details(Told())["server"], outcomes(Told())["server"]) == ("one", "")


def test_the_table_shows_the_reasons() -> None:
    result = CliRunner().invoke(app, ["doctor", "memory://table"])
    heading, _, first, *rest = result.output.splitlines()
    assert heading.split() == ["check", "outcome", "detail"]
    assert first.split() == ["list", "yes", "the", "store", "is", "empty"]
    assert [line.split()[0] for line in rest if line] == [*CHECKS[1:], "foreign", "stored"]


def test_json_for_programs() -> None:
    result = CliRunner().invoke(app, ["doctor", "memory://well", "--json"])
    assert result.exit_code == 0
    assert [each["check"] for each in json.loads(result.output)] == [*CHECKS, "foreign names", "stored keys"]


@pytest.mark.parametrize("uri", ["sqlite:///not-there.db", "file:not-there"])
def test_it_does_not_make_a_local_store_to_try_it(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["doctor", uri])
    assert result.exit_code == 1
    assert "not-there" in str(result.exception)
    assert list(tmp_path.iterdir()) == []
