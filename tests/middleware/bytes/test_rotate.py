"""Rotation: every value sealed anew, none lost to those who write meanwhile, and resumed after a kill."""

import multiprocessing
import os
from pathlib import Path

import pytest

from holdall import Encrypt, Memory, SQLite, Unsupported
from holdall.middleware.keyring import new_key
from holdall.middleware.rotate import rekey
from tests.conformance.minimal import Minimal

OLD, NEW = new_key("old"), new_key("new")


def both() -> str:
    return f"{NEW} {OLD}"


def old() -> str:
    return OLD


def new() -> str:
    return NEW


@pytest.fixture
def below() -> Memory:
    below = Memory()
    Encrypt(below, old).update((f"k{n:03}", b"%d" % n) for n in range(100))
    return below


def held(count: int) -> dict[str, bytes]:
    return {f"k{n:03}": b"%d" % n for n in range(count)}


def test_the_old_key_is_needed_no_more(below: Memory) -> None:
    told: list[int] = []
    assert rekey(Encrypt(below, both), tell=told.append) == 100
    assert told == list(range(1, 101))
    assert dict(Encrypt(below, new).items()) == held(100)


def test_what_is_sealed_already_is_not_written(below: Memory) -> None:
    assert rekey(Encrypt(below, both), start="k030") == 70
    tags = list(below.scan_tags("k05"))
    assert rekey(Encrypt(below, both)) == 30
    assert list(below.scan_tags("k05")) == tags
    assert rekey(Encrypt(below, both)) == 0


def test_a_part_may_be_sealed(below: Memory) -> None:
    assert rekey(Encrypt(below, both), "k01") == 10
    assert [key for key, id in Encrypt(below, both).scan_ids() if id == "new"] == sorted(held(20))[10:]


def test_what_others_write_meanwhile_stays(below: Memory) -> None:
    store = Encrypt(below, both)
    others = Encrypt(below, old)

    def meanwhile(count: int) -> None:
        if count == 10:
            others["k050"] = b"changed"
            del others["k051"]
            others["k052x"] = b"added"

    rekey(store, tell=meanwhile)
    rekey(store)
    expected = held(100) | {"k050": b"changed", "k052x": b"added"}
    del expected["k051"]
    assert dict(Encrypt(below, new).items()) == expected


def test_a_write_between_reading_and_sealing_is_not_undone(below: Memory) -> None:
    others = Encrypt(below, old)

    class Late(Encrypt):
        """Has somebody else write between its read and its swap, once."""

        late = True

        def _open(self, key: str, data: bytes) -> bytes:
            if key == "k050" and self.late:
                self.late = False
                others["k050"] = b"changed"
            return super()._open(key, data)

    rekey(Late(below, both))
    assert Encrypt(below, new)["k050"] == b"changed"


def test_without_swap_it_is_refused() -> None:
    with pytest.raises(Unsupported, match="SWAP"):
        rekey(Encrypt(Minimal(), both))


def seal_and_die(path: Path, old: str, new: str) -> None:
    def die(count: int) -> None:
        if count == 150:
            os._exit(9)

    rekey(Encrypt(SQLite(path), lambda: f"{new} {old}"), tell=die)


def test_it_is_resumed_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "books.db"
    with SQLite(path) as below:
        Encrypt(below, old).update((f"k{n:03}", b"%d" % n) for n in range(300))
    killed = multiprocessing.get_context("spawn").Process(target=seal_and_die, args=(path, OLD, NEW))
    killed.start()
    killed.join(60)
    assert killed.exitcode == 9
    with SQLite(path) as below:
        assert dict(Encrypt(below, both).items()) == held(300)
        done = [id for _, id in Encrypt(below, both).scan_ids()].count("new")
        assert 149 <= done < 300
        assert rekey(Encrypt(below, both)) == 300 - done
        assert dict(Encrypt(below, new).items()) == held(300)
