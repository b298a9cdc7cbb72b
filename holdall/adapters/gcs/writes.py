"""Writes to a bucket, conditional or not. No lost answer loses or repeats a write."""

from collections.abc import Callable

from holdall.adapters._objectstore.write_ids import State, Write, WriteIds, unconditional, unknown
from holdall.adapters.gcs.bucket import THRESHOLD, GCSBucket
from holdall.adapters.gcs.errors import may_have_taken_effect, no_bucket
from holdall.errors import Conflict, Corrupt, Unavailable, Unsupported
from holdall.store import ABSENT, Tag, conflict


class GCSWrites:
    """The changes to one ``bucket``."""

    def __init__(self, bucket: GCSBucket) -> None:
        self._bucket = bucket
        self._write_ids = WriteIds()
        self.remember = self._write_ids.remember

    def put(self, key: str, value: bytes) -> None:
        """Write ``value``, whether or not the key exists."""
        try:
            return self._in_session(key, value) if len(value) > THRESHOLD else self._whole(key, value)
        except KeyError as error:  # an unconditional write gets 404 only if the bucket is missing
            raise no_bucket(f"gs://{self._bucket.name}") from error

    def _whole(self, key: str, value: bytes) -> None:
        self._bucket.write(key, value)

    def _in_session(self, key: str, value: bytes) -> None:
        """Write ``value`` in an upload session.

        Not every server can be asked about a finished session, so after a lost answer the object is read
        instead.
        """
        write = unconditional()
        self.settle_put(key, write, lambda: self._bucket.write(key, value, metadata=write.metadata))

    def settle_put(self, key: str, write: Write, send: Callable[[], Tag]) -> Tag | None:
        """Return the result of ``send``, which sends the unconditional ``write`` of ``key``.

        If its answer was lost, look whether the write happened, and return None if it did.
        """
        try:
            return send()
        except Unavailable:
            if not write.has_taken_effect(lambda: self._bucket.head(key)):
                raise
        return None

    def delete(self, key: str) -> None:
        """Delete ``key``. Raises KeyError if it is missing, and Unavailable if that cannot be known."""
        try:
            self._bucket.delete(key)
        except KeyError as error:
            if may_have_taken_effect(error):
                unknown(key, error)
            raise

    def swap(self, key: str, value: bytes, expected: Tag) -> Tag:
        """Write ``value`` if ``key`` carries ``expected``, and return the new tag; otherwise raises Conflict.

        Raises Unavailable if it cannot be known whether the write happened, and Unsupported if the value is
        large and the server ignores conditions on large uploads.
        """
        if len(value) > THRESHOLD:
            self._require_conditions(key)
        write = self._write_ids.write(key, expected)
        return self.settle_swap(key, write, lambda: self._bucket.write(key, value, expected, write.metadata))

    def begin_in_parts(self, key: str, expected: Tag | None) -> Write:
        """Return the write of ``key`` in parts. Raises Unsupported if the server ignores its condition."""
        if expected is None:
            return unconditional()
        self._require_conditions(key)
        return self._write_ids.write(key, expected)

    def _require_conditions(self, key: str) -> None:
        if not self._bucket.resumable_conditions:
            raise Unsupported(
                f"{key!r} cannot be swapped for more than {THRESHOLD:,} bytes: its server ignores conditions on larger "
                "uploads; write it without a condition, or use another server",
                key=key,
            )

    def settle_swap(self, key: str, write: Write, send: Callable[[], Tag]) -> Tag:
        """Return the tag that ``send`` returns, which sends the compare-and-swap ``write`` of ``key``.

        If its answer was lost, find the outcome. Raises the errors of `swap`.
        """
        try:
            tag = send()
        except (Conflict, KeyError, Unavailable, Corrupt) as error:
            if not may_have_taken_effect(error):
                raise conflict(key) from error
            return write.outcome(key, error, lambda: self._bucket.head(key))
        return self.remember(key, State(tag, write.metadata))

    def remove(self, key: str, expected: Tag) -> None:
        """Delete ``key`` if it carries ``expected``; otherwise raises Conflict.

        Raises Unavailable if it cannot be known whether the delete happened.
        """
        if expected == ABSENT:
            raise conflict(key)
        try:
            self._bucket.delete(key, expected)
        except (Conflict, KeyError) as error:
            if may_have_taken_effect(error):
                unknown(key, error)
            raise conflict(key) from error
