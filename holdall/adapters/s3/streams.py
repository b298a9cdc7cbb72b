"""An upload of one value in parts, each sent when it is complete."""

from functools import partial

from holdall.adapters.s3.bucket import S3Bucket
from holdall.adapters.s3.multipart import MOST, PART, Parts, Sent
from holdall.adapters.s3.writes import S3Writes
from holdall.errors import TooLarge
from holdall.store import Tag


class S3Upload:
    """See `holdall.adapters._objectstore.streams.Upload`. With ``expected``, the end is a compare-and-swap.

    Raises Unsupported if the server ignores conditions on uploads in parts.
    """

    def __init__(self, bucket: S3Bucket, writes: S3Writes, key: str, expected: Tag | None) -> None:
        self._writes = writes
        self._key = key
        self._expected = expected
        self._write = writes.begin_in_parts(key, expected)
        self._parts = Parts(bucket, key, self._write.metadata)
        self._sent: list[Sent] = []

    def send(self, data: bytes) -> None:
        if len(self._sent) == MOST:
            raise TooLarge(
                f"the value of {self._key!r} has more than {MOST * PART:,} bytes, the most that S3 takes in parts "
                f"of {PART:,}; split it",
                key=self._key,
            )
        self._sent.append(self._parts.send(len(self._sent) + 1, data))

    def complete(self, data: bytes) -> Tag | None:
        self.send(data)
        end = partial(self._parts.complete, self._sent, self._expected)
        if self._expected is None:
            return self._writes.settle_put(self._key, self._write, end)
        return self._writes.settle_swap(self._key, self._write, end)

    def abort(self) -> None:
        self._parts.abort()
