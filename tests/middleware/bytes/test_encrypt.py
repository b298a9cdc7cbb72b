"""Encryption: what does not open, what is told apart from damage, and what never shows."""

import functools
import logging
import pickle
import traceback

import pytest

from holdall import Corrupt, Encrypt, InvalidAddress, Json, Memory, PermissionDenied, Zstd
from holdall.middleware.keyring import new_key
from tests.middleware.bytes.layers import SECRET, keys

OLD = f"2026:{SECRET}"
NEW = "2027:" + SECRET[::-1].removeprefix("=") + "="
MARKER = "hunter2"
KNOWN = "f80432303236e10088452cde0b1797cf139ad91ac61b7c1af6ca7620dd9f94ce8f66db3bc36bc96887824207e4"


@pytest.fixture
def below() -> Memory:
    return Memory()


def test_nothing_of_a_value_is_stored_as_it_is(below: Memory) -> None:
    store = Encrypt(below, keys)
    store["a"] = MARKER.encode() * 20
    assert MARKER.encode() not in below["a"]
    assert len(below["a"]) == len(store["a"]) + 2 + 4 + 4 + 12 + 16


def test_equal_values_are_never_equal_bytes(below: Memory) -> None:
    store = Encrypt(below, keys)
    for _ in range(100):
        store[f"k{len(below)}"] = b"a"
    assert len(set(below.values())) == 100


def test_a_known_value_opens(below: Memory) -> None:
    # Made once, so that a change of the format on the store shows.
    below["a/é"] = bytes.fromhex(KNOWN)
    assert Encrypt(below, keys)["a/é"] == b"holdall"


def test_an_unknown_key_is_denied_and_not_corrupt(below: Memory) -> None:
    Encrypt(below, lambda: NEW)["a"] = b"a"
    store = Encrypt(below, lambda: OLD)
    readers = [lambda: store["a"], lambda: store.get("a"), lambda: [*store.items()], lambda: store.pop("a")]
    for reader in readers:
        with pytest.raises(PermissionDenied, match="'2027'"):
            reader()


def test_another_key_of_the_same_name_is_corrupt(below: Memory) -> None:
    Encrypt(below, lambda: OLD)["a"] = b"a"
    with pytest.raises(Corrupt, match="'a' cannot be decrypted with key '2026'"):
        Encrypt(below, lambda: NEW.replace("2027", "2026"))["a"]


def test_rotation_writes_with_the_new_key_and_reads_both(below: Memory) -> None:
    Encrypt(below, lambda: OLD)["old"] = b"1"
    store = Encrypt(below, lambda: f"{NEW}\n{OLD}\n")
    store["new"] = b"2"
    assert dict(store.items()) == {"old": b"1", "new": b"2"}
    assert list(store.scan_ids()) == [("new", "2027"), ("old", "2026")]
    assert list(store.scan_ids(start="o")) == list(store.scan_ids("ol")) == [("old", "2026")]


def test_a_running_process_learns_of_a_new_key(below: Memory, tmp_path) -> None:
    file = tmp_path / "keys"
    file.write_text(OLD)
    file.chmod(0o600)
    running = Encrypt(below, f"file:{file}")
    file.write_text(f"{NEW} {OLD}")
    Encrypt(below, f"file:{file}")["a"] = b"a"
    assert running["a"] == b"a"


def test_scan_ids_names_what_is_damaged(below: Memory) -> None:
    below["a"] = b"\xf8\x04"
    with pytest.raises(Corrupt, match="'a'"):
        list(Encrypt(below, keys).scan_ids())


@pytest.mark.parametrize("source", ["", "env:", "file:", "2026", "ENV:KEYS", MARKER, OLD, "http://x/y"])
def test_a_key_itself_is_no_source_and_is_not_shown(source: str) -> None:
    with pytest.raises(InvalidAddress, match="env:NAME, file:PATH") as refused:
        Encrypt(Memory(), source)
    assert len(source) <= 5 or source not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "2026",
        MARKER,
        f"2026:{MARKER}",
        f"{OLD} {OLD}",
        f"{OLD} {MARKER}",
        f"a/b:{SECRET}",
        f":{SECRET}",
        f"{'x' * 33}:{SECRET}",
        f"2026:{SECRET}A",
        f"2026:{SECRET[4:]}",
        "é:" + SECRET,
        OLD + "\0",
        f"{OLD} " * 2000,
    ],
)
def test_what_is_no_keyring_is_denied_and_not_shown(text: str, tmp_path, monkeypatch) -> None:
    (tmp_path / "keys").write_text(text)
    (tmp_path / "keys").chmod(0o600)
    for source in (f"file:{tmp_path / 'keys'}", lambda: text):
        with pytest.raises(PermissionDenied) as refused:
            Encrypt(Memory(), source)
        assert not leaked(refused.value)


def test_where_there_is_no_keyring_it_is_denied(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("NO_KEYS", raising=False)
    for source in ("env:NO_KEYS", f"file:{tmp_path / 'none'}", f"file:{tmp_path}"):
        with pytest.raises(PermissionDenied, match=source.partition(":")[2]):
            Encrypt(Memory(), source)


def test_a_new_key_is_random_and_its_name_is_checked() -> None:
    assert len({new_key("2026") for _ in range(10)}) == 10
    with pytest.raises(ValueError, match="'a b'"):
        new_key("a b")


def fetch(secret: str) -> str:
    """Stands for a secret manager that is asked with a password."""
    assert secret == MARKER
    return OLD


def leaked(error: BaseException) -> list[str]:
    """Secrets in anything that an error shows."""
    shown = "".join(traceback.format_exception(error)) + repr(error) + str(vars(error))
    return [secret for secret in (SECRET, MARKER) if secret in shown]


def test_secrets_are_hidden(monkeypatch, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("BOOKS_KEY", f"{OLD} {NEW}")
    below = Memory("no-secret-shows")
    sources = ["env:BOOKS_KEY", functools.partial(fetch, MARKER), lambda: OLD]
    for source in sources:
        store = Json(Zstd(Encrypt(below, source)))
        store["a"] = {"password": MARKER}
        shown = [repr(store), str(store), caplog.text]
        assert not [text for text in shown if MARKER in text or SECRET in text]
        below["b"] = below["a"]
        for key in ("b", "c", ".."):
            with pytest.raises((Corrupt, KeyError, ValueError)) as refused:
                store[key]
            assert not leaked(refused.value)


def test_a_pickle_and_a_repr_hold_the_name_of_the_keys_alone(monkeypatch) -> None:
    monkeypatch.setenv("BOOKS_KEY", OLD)
    store = Encrypt(Memory("pickled-keys"), "env:BOOKS_KEY")
    store["a"] = b"a"
    pickled = pickle.dumps(store)
    assert SECRET.encode() not in pickled
    assert pickle.loads(pickled)["a"] == b"a"
    assert repr(store) == "Encrypt(Memory('pickled-keys'), 'env:BOOKS_KEY')"
    assert repr(Encrypt(Memory(), keys)) == "Encrypt(Memory(), keys)"
