"""A value in frames: parts and files read only the frames that they touch, and never a byte that is not right."""

import io
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import example, given, settings
from hypothesis import strategies as st

from holdall import Cache, Checksum, Corrupt, Encrypt, Memory, PermissionDenied
from holdall.files import ValueReader
from holdall.middleware import checksum, encrypt, framed
from holdall.middleware._secrets.binding import encode_key, key_bytes
from holdall.middleware._streams import frames
from holdall.middleware.keyring import new_key
from holdall.middleware.rotate import rekey
from holdall.ranges import ByteRange
from holdall.store import Store
from tests.examples import share
from tests.middleware.bytes.damage import CORRUPT, changed, check, flips, truncations
from tests.middleware.bytes.layers import LAYERS, SECRET, keys
from tests.middleware.bytes.test_files import read, write
from tests.soak import SOAK

FRAMED = {name: LAYERS[name] for name in ("checksum-crc32c", "checksum-xxh3", "encrypt")}
SMALL = 16
VALUE = bytes(range(100))
OLD, NEW = new_key("old"), new_key("new")


@pytest.fixture
def small_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames of 16 bytes, so that every byte of several frames can be changed."""
    for module in (frames, framed, checksum, encrypt):
        monkeypatch.setattr(module, "FRAME", SMALL)
    monkeypatch.setattr(framed, "_BEGINNING", 96)


def part(store: Store[Any], key: str, start: int, length: int | None) -> object:
    try:
        return store.read(key, start, length)
    except Corrupt as error:
        check(error, key)
        return CORRUPT


def part_of_file(store: Store[Any], key: str, start: int, length: int | None) -> object:
    try:
        with store.open(key) as file:
            file.seek(start, io.SEEK_END if start < 0 else io.SEEK_SET)
            return file.read(-1 if length is None else length)
    except Corrupt as error:
        check(error, key)
        return CORRUPT


near = st.builds(lambda frame, more: frame * frames.FRAME + more, st.integers(0, 3), st.integers(-2, 2))


@pytest.mark.parametrize("name", FRAMED)
@settings(max_examples=share(5))
@given(
    size=near.filter(lambda size: size >= 0),
    cut=near.filter(lambda cut: cut >= 0),
    starts=st.lists(near | near.map(lambda start: -start), max_size=4),
    length=st.none() | near.filter(lambda length: length >= 0) | st.integers(0, 9),
)
@example(size=2 * frames.FRAME, cut=frames.FRAME, starts=[frames.FRAME - 1, -1, 3 * frames.FRAME], length=2)
def test_parts_and_files_are_those_of_the_value(
    name: str, size: int, cut: int, starts: list[int], length: int | None
) -> None:
    value = (b"%06d\n" % size) * (size // 7) + b"......"[: size % 7]
    store = FRAMED[name](Memory())
    write(store, "file", value[:cut], value[cut:])
    store["whole"] = value
    for key in ("file", "whole"):
        assert (store[key] == value, read(store, key) == value, store.size(key)) == (True, True, len(value))
        for start in starts:
            expected = value[start:][:length]
            is_right = store.read(key, start, length) == expected
            assert is_right, (key, start)
            if start >= -size:
                is_right = part_of_file(store, key, start, length) == expected
                assert is_right, (key, start)


@pytest.mark.usefixtures("small_frames")
@pytest.mark.parametrize("name", FRAMED)
@pytest.mark.parametrize("size", [0, 1, 16, 17, 50, 100] if SOAK else [0, 36])
def test_damage_is_never_another_value(name: str, size: int) -> None:
    value = VALUE[:size]
    below = Memory()
    store = FRAMED[name](below)
    write(store, "a", value)
    data = below["a"]
    parts = [(0, 5), (-3, None), (-20, 4), (30, 99)]
    for damaged in (*truncations(data), *flips(data)):
        below["a"] = damaged
        with pytest.raises(Corrupt, match="'a'"):
            store["a"]
        assert (read(store, "a"), part(store, "a", 0, None)) == (CORRUPT, CORRUPT)
        for start, length in parts:
            right = value[start:][:length]
            assert part(store, "a", start, length) in (CORRUPT, right), (damaged, start, length)
            if start >= -size:
                assert part_of_file(store, "a", start, length) in (CORRUPT, right), (damaged, start, length)


def pieces(name: str, data: bytes) -> list[bytes]:
    """The head of ``data``, and each of its frames of `SMALL` bytes."""
    overhead = {"checksum-crc32c": 4, "checksum-xxh3": 8, "encrypt": 16}[name]
    head = 49 if name == "encrypt" else 9
    length = SMALL + overhead
    return [data[:head], *(data[at : at + length] for at in range(head, len(data), length))]


@pytest.mark.usefixtures("small_frames")
@pytest.mark.parametrize("name", FRAMED)
def test_frames_keep_their_place(name: str) -> None:
    below = Memory()
    store = FRAMED[name](below)
    for key in ("a", "b"):
        write(store, key, VALUE)
    head, *mine = pieces(name, below["a"])
    _, *other = pieces(name, below["b"])
    write(store, "a", VALUE)
    newer, *again = pieces(name, below["a"])
    wrong = [
        *([mine[1], mine[0], *mine[2:]], [*mine[:2], *mine[3:]], [*mine[:3], *mine[2:]]),
        *(mine[:-1], mine[1:], [mine[0], mine[-1]], [*mine[:-2], mine[-1]]),
        *([mine[0], other[1], *mine[2:]], other, [*mine[:-1], other[-1]]),
        *([mine[0], again[1], *mine[2:]], again, [*mine[:-1], again[-1]]),
    ]
    for frames_ in (*(b"".join([head, *each]) for each in wrong), b"".join([newer, *mine])):
        below["a"] = frames_
        assert (read(store, "a"), part(store, "a", 0, None)) == (CORRUPT, CORRUPT)
        assert part(store, "a", -20, 3) in (CORRUPT, VALUE[-20:-17])
    below["a"] = below["b"]
    for start, length in ((0, 1), (50, 2), (-1, None), (1000, 1)):
        assert part(store, "a", start, length) is CORRUPT
    below["a"] = b"".join([newer, *again])
    assert read(store, "a") == VALUE


@pytest.mark.usefixtures("small_frames")
@pytest.mark.parametrize("name", FRAMED)
def test_a_cut_value_has_no_size_and_no_file(name: str) -> None:
    below = Memory()
    store = FRAMED[name](below)
    write(store, "a", VALUE)
    below["a"] = b"".join(pieces(name, below["a"])[:-1])
    for look in (store.open, store.size):
        with pytest.raises(Corrupt, match="'a'"):
            look("a")


@pytest.mark.parametrize("name", FRAMED)
def test_a_damaged_frame_is_never_passed_over(name: str) -> None:
    below = Memory()
    store = FRAMED[name](below)
    value = store["a"] = bytes(range(256)) * 16_000
    below["a"] = changed(below["a"], 3_000_000, below["a"][3_000_000] ^ 0xFF)
    with store.open("a") as file:
        assert isinstance(file, ValueReader)
        assert (file.size, file.tag) == (len(value), store.tag("a"))
        assert file.read_part(ByteRange(1_000_000, 3)) == file.read_part(ByteRange(1_000_000 - 256, 3))
        assert len(file.read(2 << 20)) == 2 << 20
        for _ in range(2):
            with pytest.raises(Corrupt, match="'a'"):
                file.read(2 << 20)
        assert file.seek(-3, io.SEEK_END) == len(value) - 3
        assert file.read() == value[-3:]


class Counting(Memory):
    """Counts the bytes that are read, and the requests."""

    asked: list[int]

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        data = super().read(key, start, length)
        self.asked.append(len(data))
        return data

    def size(self, key: str, /) -> int:
        self.asked.append(0)
        return super().size(key)

    def __getitem__(self, key: str, /) -> bytes:
        raise AssertionError("the whole value was read")


@pytest.mark.parametrize("name", FRAMED)
def test_a_part_costs_the_frames_that_it_touches(name: str) -> None:
    below = Counting()
    store = FRAMED[name](below)
    value = bytes(range(256)) * 8192
    store["large"], store["small"] = value, value[: frames.FRAME]

    def asked(read: Callable[[], object]) -> tuple[int, int]:
        below.asked = []
        read()
        return len(below.asked), sum(below.asked) // frames.FRAME

    below.asked = []
    assert store.read("large", 1_000_000, 10) == value[1_000_000:1_000_010]
    assert asked(lambda: store.read("large", 1_000_000, 10)) == (3, 2)
    assert asked(lambda: store.read("large", -10)) == (3, 2)
    assert asked(lambda: store.read("large", -1_000_000, 10)) == (4, 3)
    assert asked(lambda: store.size("large")) == (3, 2)
    assert asked(lambda: store.read("small", -10)) == (1, 1)
    assert asked(lambda: store.size("small")) == (1, 1)


class Replaced(Memory):
    """Replaces the value between two requests."""

    replace: Iterator[Callable[[], object]] = iter(())

    def size(self, key: str, /) -> int:
        next(self.replace, int)()
        return super().size(key)


@pytest.mark.parametrize("name", FRAMED)
def test_a_value_that_is_replaced_meanwhile_is_not_corrupt(name: str) -> None:
    below = Replaced()
    store = FRAMED[name](below)
    values = [bytes([number]) * (200_000 - 60_000 * number) for number in range(3)]
    for replacing in (values[1:], [values[1], values[0][:-1]], [values[1], b"short"]):
        store["a"] = values[0]
        below.replace = iter([lambda value=value: store.__setitem__("a", value) for value in replacing])
        assert store.read("a", -9) == replacing[-1][-9:]
    store["a"] = values[0]
    below.replace = iter([lambda: below.discard("a")])
    with pytest.raises(KeyError):
        store.read("a", 9, 1)


class Resized(Memory):
    """Tells sizes that are wrong by some bytes, such as those of a replica that has another value."""

    wrong = 0

    def size(self, key: str, /) -> int:
        return super().size(key) + self.wrong


@pytest.mark.parametrize("name", FRAMED)
def test_a_wrong_size_is_never_that_of_the_value(name: str) -> None:
    below = Resized()
    store = FRAMED[name](below)
    store["a"] = value = bytes(range(250)) * 400
    for below.wrong in (-70_000, -1_000, -1, 1, 1_000, 70_000):
        for start, length in ((90_000, None), (70_000, 29_900), (-5, None), (-99_000, 9), (99_990, 99)):
            assert part(store, "a", start, length) in (CORRUPT, ByteRange(start, length).of_value(value))
        with pytest.raises(Corrupt):
            store.read("a", -5)
        with pytest.raises(Corrupt):
            store.size("a")


@pytest.mark.parametrize("name", FRAMED)
def test_parts_are_read_through_a_cache_that_has_an_older_value(name: str) -> None:
    below = Memory()
    store = FRAMED[name](Cache(below, 3600))
    store["a"] = bytes(100_000)
    assert len(store["a"]) == 100_000
    for size in (99_000, 70_000, 300_000):
        FRAMED[name](below)["a"] = bytes(size)
        assert (store.size("a"), len(store.read("a", 65_000))) == (size, size - 65_000)


def old_checksum(below: Memory, key: str, value: bytes) -> None:
    below[key] = b"\xf9" + checksum._digest(b"\xf9", encode_key(key), value) + value


def old_encrypt(below: Memory, key: str, value: bytes) -> None:
    below[key] = Encrypt(below, keys)._seal(key_bytes(key), value)


@pytest.mark.parametrize(("name", "old"), [("checksum-crc32c", old_checksum), ("encrypt", old_encrypt)])
def test_a_large_value_of_an_earlier_release_is_read(name: str, old: Callable[..., None]) -> None:
    below = Memory()
    value = bytes(range(256)) * 1000
    old(below, "a", value)
    store = FRAMED[name](below)
    assert (store["a"] == value, read(store, "a") == value, store.size("a")) == (True, True, len(value))
    assert (store.read("a", 100_000, 3), part_of_file(store, "a", -3, None)) == (
        value[100_000:100_003],
        value[-3:],
    )
    below["a"] = below["a"][:-1]
    assert (read(store, "a"), part(store, "a", 0, 1)) == (CORRUPT, CORRUPT)


def books(store: Store[bytes]) -> Store[bytes]:
    return Encrypt(store, keys, "books")


KNOWN = {
    "checksum-crc32c": "f9c66cc7ae686f6c64616c6c",
    "checksum-crc32c-frames": "f5cb39b096eaec5bc2fb98a6c7686f6c64616c6c",
    "checksum-xxh3": "fa3d5ab4a7db6abb75686f6c64616c6c",
    "checksum-xxh3-frames": "f68c70f67083d2fe5b0b624f1a34ff0432686f6c64616c6c",
    "encrypt": "fe043230323637596b58e5cfd7eaee3152ce88a79379545ae52065d8b48cc6c7888cecf1161ade1b81f0676386",
    "encrypt-frames": "f7043230323610563a900e2b20b09f69e1c5aaee2e7e8465065e355f806a90a25cf2e4261af83f2c3be6121392962c"
    "781d9bed5a2d370b15f3aafaa2b12e30dad016b6213fc1759f",
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_bytes_are_read(name: str) -> None:
    # Made once, so that a change of a format on the store shows.
    below = Memory()
    below["a/é"] = bytes.fromhex(KNOWN[name])
    store = books(below) if "encrypt" in name else Checksum(below)
    assert (store["a/é"], read(store, "a/é"), store.read("a/é", 2, 3)) == (b"holdall", b"holdall", b"lda")


def test_the_grammar_of_encrypted_frames() -> None:
    below = Memory()
    value = bytes(range(256)) * 500
    books(below)["a/é"] = value
    data, key = below["a/é"], "a/é".encode()
    head, salt, prefix, body = data[:10], data[10:42], data[42:49], data[49:]
    assert (head[:6], head[6:]) == (b"\xf7\x042026", zlib.crc32(head[:6]).to_bytes(4, "big"))
    info = head + len(b"books").to_bytes(8, "big") + b"books" + key
    cipher = AESGCM(HKDF(SHA256(), 32, salt, info).derive(b64decode(SECRET)))
    first = cipher.decrypt(prefix + bytes(4) + b"\x00", body[: 65_536 + 16], None)
    last = cipher.decrypt(prefix + b"\x00\x00\x00\x01\x01", body[65_536 + 16 :], None)
    is_right = first + last == value
    assert is_right


def test_keys_rotate_for_values_in_frames() -> None:
    below = Memory()
    before = Encrypt(below, lambda: OLD)
    write(before, "file", b"holdall")
    before["large"] = VALUE * 1000
    store = Encrypt(below, lambda: f"{NEW} {OLD}")
    assert (read(store, "file"), store.read("large", 70_000, 3)) == (b"holdall", bytes(range(3)))
    assert list(store.scan_ids()) == [("file", "old"), ("large", "old")]
    assert list(store.scan_seals()) == [("file", "old", True), ("large", "old", True)]
    after = Encrypt(below, lambda: NEW)
    for call in (
        lambda: after.open("file"),
        lambda: after.read("large", 1),
        lambda: after["large"],
        lambda: after.size("large"),
    ):
        with pytest.raises(PermissionDenied, match="'old'"):
            call()
    assert rekey(store) == 2
    assert (read(after, "file"), after.read("large", -3)) == (b"holdall", VALUE[-3:])
    with after.open("file", "wb", expected=after.tag("file")) as file:
        file.write(b"new")
    assert list(store.scan_ids()) == [("file", "new"), ("large", "new")]


def test_another_key_of_the_same_name_opens_no_frame() -> None:
    below = Memory()
    write(Encrypt(below, lambda: OLD), "a", b"holdall")
    store = Encrypt(below, lambda: new_key("old"))
    with pytest.raises(Corrupt, match=r"'a'.* a frame cannot be decrypted with key 'old'"):
        store["a"]
    assert (read(store, "a"), part(store, "a", 0, 1)) == (CORRUPT, CORRUPT)


def test_frames_of_another_store_are_corrupt() -> None:
    one, other = Memory(), Memory()
    write(Encrypt(one, keys), "a", b"holdall")
    write(Encrypt(other, keys), "a", b"other")
    other["a"] = one["a"]
    assert read(Encrypt(other, keys), "a") is CORRUPT
    assert read(Encrypt(one, keys, "context"), "a") is CORRUPT
    assert read(Encrypt(one, keys, bound=True), "a") == b"holdall"


def test_equal_values_are_never_equal_frames() -> None:
    below = Memory()
    store = Encrypt(below, keys)
    for key in "abc":
        write(store, key, VALUE)
    assert len({data[10:42] for data in below.values()}) == 3
    assert len({data[49:] for data in below.values()}) == 3
    assert not any(VALUE[:9] in data for data in below.values())
