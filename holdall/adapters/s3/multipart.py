"""Uploads in parts, for values that are too large to be sent, and sent again after an error, in one request."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from holdall.adapters._objectstore.probe import scratch
from holdall.adapters._shared.throttle import map_ordered
from holdall.adapters.s3.bucket import S3Bucket, require_field, state_of
from holdall.errors import Conflict, HoldallError
from holdall.store import Tag

THRESHOLD = 16 * 2**20
"""Values above this many bytes are sent in parts."""

PART = 8 * 2**20
"""The bytes of a part, unless the value has more than MOST such parts."""

MOST = 10_000
"""The most parts of an upload: "Multipart upload limits" in the S3 user guide."""

_NEVER = Tag("never-issued")
Sent = dict[str, Any]
"""The number and the ETag of a part that was sent, by which the server finds it."""


class Parts:
    """The parts of one upload of ``key``, which begins now. `complete` makes them the object."""

    def __init__(self, bucket: S3Bucket, key: str, metadata: Mapping[str, str]) -> None:
        self._bucket = bucket
        self._key = key
        metadata = {**bucket.note(), **metadata}
        begun = bucket.ask("create_multipart_upload", key, Metadata=metadata, **bucket.served)
        self._id = {"UploadId": require_field(begun, "UploadId", key)}

    def send(self, number: int, data: bytes) -> Sent:
        """Send the part ``number``, from 1."""
        answer = self._bucket.ask("upload_part", self._key, PartNumber=number, Body=data, **self._id)
        return {"PartNumber": number, "ETag": require_field(answer, "ETag", self._key)}

    def complete(self, sent: list[Sent], expected: Tag | None) -> Tag:
        """Make the parts the object, and return its tag.

        Raises Conflict if ``expected`` is given and the object does not carry it now.
        """
        end = self._id | self._bucket.condition(self._key, expected)
        made = self._bucket.ask(
            "complete_multipart_upload", self._key, MultipartUpload={"Parts": sent}, **end
        )
        return state_of(made, self._key).tag

    def abort(self) -> None:
        """Delete the parts, if the server answers."""
        with contextlib.suppress(HoldallError, KeyError):
            self._bucket.ask("abort_multipart_upload", self._key, **self._id)


def upload(bucket: S3Bucket, key: str, value: bytes, expected: Tag | None, metadata: dict[str, str]) -> Tag:
    """Write ``value`` in parts, which become the object at the end, and return the new tag.

    Raises Conflict if ``expected`` is given and the object does not carry it at the end of the upload. If any
    request fails, the upload is aborted and its parts are deleted.
    """
    parts = Parts(bucket, key, metadata)

    def send(part: tuple[int, slice]) -> Sent:
        number, where = part
        return parts.send(number, value[where])

    try:
        sent = list(map_ordered(send, enumerate(_slices(len(value)), 1), bucket.pace))
        return parts.complete(sent, expected)
    except BaseException:
        parts.abort()
        raise


def _slices(length: int) -> Iterator[slice]:
    size = max(PART, -(-length // MOST))
    return (slice(at, at + size) for at in range(0, length, size))


def honours_conditions(bucket: S3Bucket) -> bool:
    """Whether the server honours a condition at the end of an upload. Tests it on a reserved key."""
    with scratch(bucket) as key:
        tag = bucket.write(key, b"1")
        with contextlib.suppress(Conflict, KeyError):
            upload(bucket, key, b"2", _NEVER, {})
            return False
        with contextlib.suppress(Conflict, KeyError):  # if the answer is lost, the retry fails: check the tag
            upload(bucket, key, b"2", tag, {})
        return bucket.head(key).tag != tag
