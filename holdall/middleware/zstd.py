"""Compression of values by Zstandard: the best choice; with a dictionary, also for small documents."""

import io
import threading
from collections.abc import Iterator

from holdall.errors import Corrupt, StoreNotFound
from holdall.extras import needs
from holdall.middleware._reserved import Called, Reserved
from holdall.middleware._streams.decoded import Read
from holdall.middleware.compress import Compress, Encoder
from holdall.middleware.documents.memory import LARGEST
from holdall.store import Store

with needs("zstd"):
    import zstandard

DICTIONARIES = ".holdall/zstd/"
"""The reserved prefix of a store's dictionaries. Each one is stored under its id in decimal digits."""

_MAGIC = bytes.fromhex("28b52ffd")
_NOTHING = bytes.fromhex("28b52ffd240001000099e9d851")
# Bits of the frame header's descriptor (RFC 8878, 3.1.1.1.1). Decoders must ignore one of the fixed bits.
_FIXED_BITS = 0b0001_1100
_CHECKED = 0b0000_0100
_NAMED = 0b0000_0011
_PREFIX = 5  # bytes of the header that tell how long it is
_CHECKSUM = 4  # bytes at the end of a frame
_RLE = 1  # the type of a block that has one byte, which is repeated


class Zstd(Compress):
    """Stores each value as one Zstandard frame (RFC 8878) with its size and checksum.

    Any program that knows Zstandard can read the frame. ``level`` is -7 (fast) to 22 (small); it affects only
    writing. For ``max_size`` see `Compress`. The frame of a value that was written as a file does not tell its
    size, unless the value is empty. A file that reads takes up to 8 MiB of memory for Zstandard's window, and
    up to 128 MiB if the value was written by level 20 or higher.

    Small values contain little that can be compressed. ``dictionary`` is the id of a dictionary that `train`
    made from similar values. Writing uses this dictionary; reading uses the dictionary that the stored value
    names. A dictionary is kept in the store itself, under the reserved key ``.holdall/zstd/<id>``, and is
    read once. So every process finds it. A copy of the store needs the reserved keys (``holdall cp --all``).
    If a dictionary is missing, reading a value that needs it raises Corrupt, and writing with it raises
    StoreNotFound. A file is written without a dictionary.

    >>> from holdall import Memory
    >>> store = Zstd(Memory())
    >>> store["a"] = b"holdall " * 1000
    >>> len(store["a"]), len(store.raw()["a"]) < 100
    (8000, True)
    """

    def __init__(
        self, store: Store[bytes], level: int = 3, *, dictionary: int = 0, max_size: int = LARGEST
    ) -> None:
        super().__init__(store, level, max_size)
        self._dictionary = dictionary
        self._contexts = _Contexts()
        self._read_before: dict[int, bytes] = {}  # dictionaries, by id

    def _pack(self, value: bytes) -> bytes:
        writer = self._contexts.writer or self._new_writer()
        return writer.compress(value) if value else _NOTHING

    def _new_writer(self) -> "zstandard.ZstdCompressor":
        dictionary = self._read(self._dictionary)
        if self._dictionary and dictionary is None:
            raise StoreNotFound(f"{self!r} has no dictionary {self._dictionary}; train one, or copy it there")
        if dictionary is not None:
            dictionary.precompute_compress(self._level)
        writer = zstandard.ZstdCompressor(self._level, dict_data=dictionary, write_checksum=True)
        self._contexts.writer = writer
        return writer

    def decode(self, key: str, data: bytes, /) -> bytes:
        size = zstandard.frame_content_size(data)
        descriptor = data[4]
        _require_checksum(descriptor)
        if size < 0:
            return self._join(key, self._decompress(io.BytesIO(data).read))
        if size > self._max_size:
            raise self._too_large(key)
        if not size:
            return _nothing(data)
        # Most frames name no dictionary, and it is faster to look at the descriptor than to parse the whole
        # header.
        id = zstandard.get_frame_parameters(data).dict_id if descriptor & _NAMED else 0
        reader = self._contexts.readers.get(id) or self._new_reader(id)
        return reader.decompress(data, allow_extra_data=False)

    def _new_reader(self, id: int) -> "zstandard.ZstdDecompressor":
        reader = self._contexts.readers[id] = self._decompressor(id)
        return reader

    def _decompressor(self, id: int) -> "zstandard.ZstdDecompressor":
        dictionary = self._read(id)
        if id and dictionary is None:
            raise ValueError(f"it needs dictionary {id}, which the store lacks; `holdall cp --all` copies it")
        return zstandard.ZstdDecompressor(dict_data=dictionary)

    # ---- Files: several threads may use them, so each has a compressor or a decompressor of its own ---

    def _encoder(self) -> Encoder:
        return _Encoder(self._level)

    def _decompress(self, read: Read) -> Iterator[bytes]:
        prefix = _exactly(read, _PREFIX)
        if not prefix.startswith(_MAGIC):
            raise ValueError("it does not begin with the header of a Zstandard frame")
        _require_checksum(prefix[4])
        head = prefix + _exactly(read, zstandard.frame_header_size(prefix) - _PREFIX)
        stated, size = zstandard.frame_content_size(head), 0
        if not stated:
            yield _nothing(head + read(len(_NOTHING)))
            return
        stream = self._decompressor(zstandard.get_frame_parameters(head).dict_id).decompressobj()
        stream.decompress(head)
        for block in _blocks(read):
            part = stream.decompress(block)
            size += len(part)
            yield part
        stream.decompress(_exactly(read, _CHECKSUM))
        if not stream.eof or stated not in (-1, size) or read(1):
            raise _wrong_end()

    def _read(self, id: int) -> "zstandard.ZstdCompressionDict | None":
        data = self._read_before.get(id) or (dictionaries(self._inner).get(str(id)) if id else None)
        if data is None:
            return None
        try:
            dictionary = zstandard.ZstdCompressionDict(data, dict_type=zstandard.DICT_TYPE_FULLDICT)
        except zstandard.ZstdError as error:
            raise Corrupt(f"dictionary {id} of the store is damaged: {error}") from error
        self._read_before[id] = data
        return dictionary


def dictionaries(store: Store[bytes]) -> Store[bytes]:
    """The store of the dictionaries that ``store`` keeps, each under its id in decimal digits."""
    return Reserved(store, DICTIONARIES, lambda id: Called(f"dictionary {id} of the store"))


class _Contexts(threading.local):
    """The compressor and decompressors of one thread. Threads may not share those of the library."""

    def __init__(self) -> None:
        self.writer: zstandard.ZstdCompressor | None = None
        self.readers: dict[int, zstandard.ZstdDecompressor] = {}


class _Encoder:
    """Makes one frame, which does not tell its size. An empty frame is the same as that of an empty value."""

    def __init__(self, level: int) -> None:
        self._stream = zstandard.ZstdCompressor(level, write_checksum=True).compressobj()
        self._is_empty = True

    def compress(self, data: bytes, /) -> bytes:
        self._is_empty = self._is_empty and not data
        return self._stream.compress(data)

    def flush(self) -> bytes:
        return _NOTHING if self._is_empty else self._stream.flush()


def _blocks(read: Read) -> Iterator[bytes]:
    """Yield the blocks of a frame (RFC 8878, 3.1.1.2). Each decompresses to 128 KiB at most."""
    is_last = False
    while not is_last:
        mark = _exactly(read, 3)
        word = int.from_bytes(mark, "little")
        is_last, kind, size = bool(word & 1), word >> 1 & 3, word >> 3
        yield mark + _exactly(read, 1 if kind == _RLE else size)


def _exactly(read: Read, size: int) -> bytes:
    data = read(size)
    if len(data) < size:
        raise _wrong_end()
    return data


def _require_checksum(descriptor: int) -> None:
    if descriptor & _FIXED_BITS != _CHECKED:
        raise ValueError("its frame is damaged, or has no checksum")


def _nothing(data: bytes) -> bytes:
    # For an empty frame the library checks only the size.
    if data != _NOTHING:
        raise _wrong_end()
    return b""


def _wrong_end() -> ValueError:
    return ValueError("its frame is cut off, or has data after its end")
