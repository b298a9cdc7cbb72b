"""The parts of values that zarr asks for."""

from holdall.errors import Unsupported
from holdall.extras import needs
from holdall.ranges import ByteRange
from holdall.store import Store

with needs("zarr"):
    from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, SuffixByteRequest


def read_part(store: Store[bytes], key: str, request: ByteRequest) -> bytes:
    """Return the part of the value of ``key`` that ``request`` names. Without RANGES, this reads the whole value."""
    part = _part(request)
    try:
        return store.read(key, *part)
    except Unsupported:
        return part.of_value(store[key])


def _part(request: ByteRequest) -> ByteRange:
    match request:
        case RangeByteRequest(start, end):
            return ByteRange.of(start, max(0, end - start))
        case OffsetByteRequest(start):
            return ByteRange.of(start)
        case SuffixByteRequest(count):
            return ByteRange.of(-count, count)
        case _:
            raise TypeError(f"Unexpected byte_range, got {request!r}; use a RangeByteRequest")
