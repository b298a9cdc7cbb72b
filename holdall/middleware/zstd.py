"""Values compressed by Zstandard: the one to choose; with a dictionary, also for small documents."""

import threading

from holdall.errors import Corrupt, StoreNotFound
from holdall.extras import needs
from holdall.middleware.compress import LARGEST, Compress
from holdall.store import Store

with needs("zstd"):
    import zstandard

DICTIONARIES = ".holdall/zstd/"
"""Where a store keeps its dictionaries, each under its id in decimal digits."""

_NOTHING = bytes.fromhex("28b52ffd240001000099e9d851")
_UNUSED_BITS = 0b0001_1000  # of the frame header's descriptor; decoders are told to ignore one of them


class Zstd(Compress):
    """Each value is one Zstandard frame (RFC 8878) with its size and checksum, that any program reads.

    ``level`` is -7 (fast) to 22 (small); it concerns writing alone. For ``max_size`` see `Compress`.

    Small values have little in them to compress. ``dictionary`` is the id of a dictionary that `train`
    made of values like them: writing uses it, and reading whichever a value names. A dictionary is kept
    in the store itself, under the reserved key ``.holdall/zstd/<id>``, and is read once; so every process
    finds it, and a copy of the store needs its reserved keys (``holdall cp --all``). Without it, what
    was written with it is Corrupt, and writing is StoreNotFound.

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

    def _unpack(self, data: bytes) -> bytes:
        frame = zstandard.get_frame_parameters(data)
        if not frame.has_checksum or data[4] & _UNUSED_BITS:
            raise ValueError("its frame is damaged, or has no checksum")
        if frame.content_size > self._max_size:  # one that is not stated reads as the largest number
            raise self._too_large()
        if not frame.content_size:
            return _nothing(data)
        reader = self._contexts.readers.get(frame.dict_id) or self._new_reader(frame.dict_id)
        return reader.decompress(data, allow_extra_data=False)

    def _new_reader(self, id: int) -> "zstandard.ZstdDecompressor":
        dictionary = self._read(id)
        if id and dictionary is None:
            raise ValueError(f"it needs dictionary {id}, which is not in the store under {DICTIONARIES}{id}")
        reader = self._contexts.readers[id] = zstandard.ZstdDecompressor(dict_data=dictionary)
        return reader

    def _read(self, id: int) -> "zstandard.ZstdCompressionDict | None":
        data = self._inner.raw(DICTIONARIES).get(str(id)) if id else None
        if data is None:
            return None
        try:
            return zstandard.ZstdCompressionDict(data, dict_type=zstandard.DICT_TYPE_FULLDICT)
        except zstandard.ZstdError as error:
            key = f"{DICTIONARIES}{id}"
            raise Corrupt(f"{key!r} holds no dictionary: {error}", key=key) from error


class _Contexts(threading.local):
    """What compresses and decompresses: of each thread its own, for the library's may not be shared."""

    def __init__(self) -> None:
        self.writer: zstandard.ZstdCompressor | None = None
        self.readers: dict[int, zstandard.ZstdDecompressor] = {}


def _nothing(data: bytes) -> bytes:
    # The library looks at no more of an empty frame than its size.
    if data != _NOTHING:
        raise ValueError("its frame is cut off, or goes on after its end")
    return b""
