"""Compression of values by Zstandard: the best choice; with a dictionary, also for small documents."""

import threading

from holdall.errors import Corrupt, StoreNotFound
from holdall.extras import needs
from holdall.middleware._reserved import Called, Reserved
from holdall.middleware.compress import Compress
from holdall.middleware.documents.memory import LARGEST
from holdall.store import Store

with needs("zstd"):
    import zstandard

DICTIONARIES = ".holdall/zstd/"
"""The reserved prefix of a store's dictionaries. Each one is stored under its id in decimal digits."""

_NOTHING = bytes.fromhex("28b52ffd240001000099e9d851")
# Bits of the frame header's descriptor (RFC 8878, 3.1.1.1.1). Decoders must ignore one of the fixed bits.
_FIXED_BITS = 0b0001_1100
_CHECKED = 0b0000_0100
_NAMED = 0b0000_0011


class Zstd(Compress):
    """Stores each value as one Zstandard frame (RFC 8878) with its size and checksum.

    Any program that knows Zstandard can read the frame. ``level`` is -7 (fast) to 22 (small); it affects only
    writing. For ``max_size`` see `Compress`.

    Small values contain little that can be compressed. ``dictionary`` is the id of a dictionary that `train`
    made from similar values. Writing uses this dictionary; reading uses the dictionary that the stored value
    names. A dictionary is kept in the store itself, under the reserved key ``.holdall/zstd/<id>``, and is
    read once. So every process finds it. A copy of the store needs the reserved keys (``holdall cp --all``).
    If a dictionary is missing, reading a value that needs it raises Corrupt, and writing with it raises
    StoreNotFound.

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
        if descriptor & _FIXED_BITS != _CHECKED:
            raise ValueError("its frame is damaged, or has no checksum")
        if not 0 <= size <= self._max_size:
            raise self._too_large()
        if not size:
            return _nothing(data)
        # Most frames name no dictionary, and it is faster to look at the descriptor than to parse the whole
        # header.
        id = zstandard.get_frame_parameters(data).dict_id if descriptor & _NAMED else 0
        reader = self._contexts.readers.get(id) or self._new_reader(id)
        return reader.decompress(data, allow_extra_data=False)

    def _new_reader(self, id: int) -> "zstandard.ZstdDecompressor":
        dictionary = self._read(id)
        if id and dictionary is None:
            raise ValueError(f"it needs dictionary {id}, which the store lacks; `holdall cp --all` copies it")
        reader = self._contexts.readers[id] = zstandard.ZstdDecompressor(dict_data=dictionary)
        return reader

    def _read(self, id: int) -> "zstandard.ZstdCompressionDict | None":
        data = dictionaries(self._inner).get(str(id)) if id else None
        if data is None:
            return None
        try:
            return zstandard.ZstdCompressionDict(data, dict_type=zstandard.DICT_TYPE_FULLDICT)
        except zstandard.ZstdError as error:
            raise Corrupt(f"dictionary {id} of the store is damaged: {error}") from error


def dictionaries(store: Store[bytes]) -> Store[bytes]:
    """The store of the dictionaries that ``store`` keeps, each under its id in decimal digits."""
    return Reserved(store, DICTIONARIES, lambda id: Called(f"dictionary {id} of the store"))


class _Contexts(threading.local):
    """The compressor and decompressors of one thread. Threads may not share those of the library."""

    def __init__(self) -> None:
        self.writer: zstandard.ZstdCompressor | None = None
        self.readers: dict[int, zstandard.ZstdDecompressor] = {}


def _nothing(data: bytes) -> bytes:
    # For an empty frame the library checks only the size.
    if data != _NOTHING:
        raise ValueError("its frame is cut off, or has data after its end")
    return b""
