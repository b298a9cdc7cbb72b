"""A pickle is loaded only where that was asked for, and only where it is what was written."""

import functools
import os
import pickle
import traceback
from contextlib import suppress

import pytest

from holdall import Corrupt, Invalid, Memory, PermissionDenied, Pickle
from tests.middleware.serializers.samples import DOCUMENTS

KEY = b"correct horse battery staple"
MARK = KEY.decode()


class Payload:
    """A pickle that makes a file when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def signed(below, key=KEY):
    return Pickle(below, trust=True, sign=lambda: key)


@pytest.mark.parametrize("trust", [False, None, 0, "", "no", "False", "1", 2, object()])
def test_it_must_be_trusted_in_so_many_words(trust):
    with pytest.raises(Invalid, match="trust=True"):
        Pickle(Memory(), trust=trust)
    with pytest.raises(Invalid):
        Pickle(Memory())


def test_trust_may_be_said_as_in_an_address():
    store = Pickle(Memory(), trust=1)
    store["a"] = {1}
    assert store["a"] == {1}


def test_a_payload_leaves_its_file_when_loaded_by_hand(tmp_path):
    pickle.loads(pickle.dumps(Payload(tmp_path / "left")))
    assert (tmp_path / "left").exists()


@pytest.mark.parametrize("make", [signed, lambda below: Pickle(below, trust=True)])
def test_a_payload_that_holdall_did_not_write_is_never_loaded(make, tmp_path):
    below = Memory()
    payload = pickle.dumps(Payload(tmp_path / "left"))
    for data in (payload, bytes(32) + payload, payload * 2):
        below["a"] = data
        with pytest.raises(Corrupt, match="'a'"):
            make(below)["a"]
    assert not (tmp_path / "left").exists()


def test_no_other_serializer_loads_it(tmp_path):
    below = Memory()
    below["a"] = pickle.dumps(Payload(tmp_path / "left"), 0)
    for serializer in DOCUMENTS.values():
        with suppress(Corrupt):
            serializer.make(below)["a"]
    assert not (tmp_path / "left").exists()


def test_what_another_key_signed_is_never_loaded(tmp_path):
    below = Memory()
    for other in (signed(below, b"another key, as long as that"), Pickle(below, trust=True)):
        other["a"] = Payload(tmp_path / "left")
        with pytest.raises(Corrupt, match="digest"):
            signed(below)["a"]
    assert not (tmp_path / "left").exists()


def test_what_is_moved_to_another_key_is_never_loaded():
    below = Memory()
    store = signed(below)
    store["a"] = 1
    below["b"] = below["a"]
    with pytest.raises(Corrupt, match="'b'"):
        store["b"]


def test_every_changed_or_missing_byte_is_found():
    below = Memory()
    store = signed(below)
    store["a"] = {"number": 7}
    data = below["a"]
    for place in range(len(data)):
        for damaged in (data[:place], data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]):
            below["a"] = damaged
            with pytest.raises(Corrupt):
                store["a"]


def test_what_pickle_refuses_is_invalid():
    with pytest.raises(Invalid, match="'a'"):
        Pickle(Memory(), trust=True)["a"] = lambda: 0


def test_a_class_that_is_gone_is_corrupt(monkeypatch):
    store = Pickle(Memory(), trust=True)
    store["a"] = Payload
    monkeypatch.delattr(f"{__name__}.Payload")
    with pytest.raises(Corrupt, match="Payload"):
        store["a"]


def test_the_key_comes_from_a_variable_a_file_or_a_function(monkeypatch, tmp_path):
    below = Memory()
    monkeypatch.setenv("BOOKS_KEY", MARK)
    (tmp_path / "key").write_bytes(KEY + b"\n")
    (tmp_path / "key").chmod(0o600)
    stores = [
        Pickle(below, trust=True, sign="env:BOOKS_KEY"),
        Pickle(below, trust=True, sign=f"file:{tmp_path / 'key'}"),
        signed(below),
    ]
    for writer in stores:
        writer["a"] = {1}
        assert [reader["a"] for reader in stores] == [{1}] * 3


def test_a_variable_may_hold_any_bytes(monkeypatch):
    key = bytes(range(0xF0, 0x100)) + KEY
    monkeypatch.setenv("BOOKS_KEY", os.fsdecode(key))
    below = Memory()
    Pickle(below, trust=True, sign="env:BOOKS_KEY")["a"] = 1
    assert signed(below, key)["a"] == 1


@pytest.mark.parametrize("source", ["env:NO_SUCH_VARIABLE", "file:/no/such/file", lambda: b"short"])
def test_a_key_that_is_not_there_or_short_is_no_damage(source):
    below = Memory()
    signed(below)["a"] = 1
    store = Pickle(below, trust=True, sign=source)
    with pytest.raises(PermissionDenied, match="signing key"):
        store["a"]
    with pytest.raises(PermissionDenied, match="signing key"):
        store["b"] = 1


@pytest.mark.parametrize("source", [KEY, MARK, "", "http://example.org/key"])
def test_the_key_itself_is_no_source_and_is_not_repeated(source):
    with pytest.raises(Invalid, match="env:NAME") as caught:
        Pickle(Memory(), trust=True, sign=source)
    assert MARK not in str(caught.value)


def test_the_key_shows_nowhere(monkeypatch):
    monkeypatch.setenv("BOOKS_KEY", MARK)
    below = Memory("signed")
    store = Pickle(below, trust=True, sign="env:BOOKS_KEY")
    store["a"] = {1}
    assert repr(store) == "Pickle(Memory('signed'), trust=True, sign='env:BOOKS_KEY')"
    assert KEY not in pickle.dumps(store)
    assert pickle.loads(pickle.dumps(store))["a"] == {1}
    assert KEY not in below["a"]
    below["a"] = b"damaged"
    with pytest.raises(Corrupt) as caught:
        store["a"]
    assert MARK not in "".join(traceback.format_exception(caught.value))


def test_the_arguments_of_a_function_that_gives_the_key_are_not_shown():
    store = Pickle(Memory(), trust=True, sign=functools.partial(str.encode, MARK))
    store["a"] = 1
    assert MARK not in repr(store)
    assert "sign=partial(" in repr(store)
