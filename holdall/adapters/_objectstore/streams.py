"""Values that are written as files to a bucket: small ones in one request, large ones in parts."""

from collections.abc import Callable
from typing import Protocol

from holdall.files import Sink
from holdall.store import Tag


class Upload(Protocol):
    """An upload in parts. Nobody sees a part before `complete`."""

    def send(self, data: bytes) -> None:
        """Send the next part, which has the full size of a part."""
        ...

    def complete(self, data: bytes) -> Tag | None:
        """Send the last part, and make all parts the value of the key. Return the new tag if it is known."""
        ...

    def abort(self) -> None:
        """Delete the parts, if the server answers."""
        ...


class UploadSink(Sink):
    """Sends the value in parts of ``size`` bytes in an upload that ``begin`` begins.

    A value of at most that size is given to ``whole`` instead. At most two parts are held in memory, and the
    bytes of one `write`.
    """

    def __init__(self, size: int, begin: Callable[[], Upload], whole: Callable[[bytes], Tag | None]) -> None:
        self._size = size
        self._begin = begin
        self._whole = whole
        self._upload: Upload | None = None
        self._buffer = bytearray()

    def write(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) > self._size:
            part = bytes(memoryview(self._buffer)[: self._size])
            del self._buffer[: self._size]
            if self._upload is None:
                self._upload = self._begin()
            self._upload.send(part)

    def commit(self) -> Tag | None:
        last, self._buffer = bytes(self._buffer), bytearray()
        if self._upload is None:
            return self._whole(last)
        try:
            return self._upload.complete(last)
        except BaseException:
            self._upload.abort()
            raise

    def discard(self) -> None:
        if self._upload is not None:
            self._upload.abort()
