"""The layers from bytes to bytes, each as a function that puts it on a store."""

from typing import Any

from holdall import Checksum, Encrypt, Gzip, Lzma, Zstd
from holdall.store import Store

SECRET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFE="


def keys() -> str:
    """A keyring."""
    return f"2026:{SECRET}"


def encrypted(store: Store[bytes]) -> Store[bytes]:
    return Encrypt(store, keys)


def fast_lzma(store: Store[bytes]) -> Store[bytes]:
    """LZMA at the level at which writing does not take milliseconds."""
    return Lzma(store, 0)


def xxh3(store: Store[bytes]) -> Store[bytes]:
    return Checksum(store, "xxh3")


LAYERS: dict[str, Any] = {
    "checksum-crc32c": Checksum,
    "checksum-xxh3": xxh3,
    "encrypt": encrypted,
    "gzip": Gzip,
    "lzma": fast_lzma,
    "zstd": Zstd,
}
COMPRESSING = {"gzip": Gzip, "lzma": Lzma, "zstd": Zstd}
