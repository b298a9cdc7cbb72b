"""Uploads in parts, for values that are too large to be sent, and sent again after an error, in one request."""

import contextlib
from collections.abc import Iterator
from typing import Any

from holdall.adapters._objectstore.probe import scratch
from holdall.adapters._shared.throttle import map_ordered
from holdall.adapters.s3.bucket import S3Bucket, require_field, state_of
from holdall.errors import Conflict, HoldallError
from holdall.store import Tag

THRESHOLD = 16 * 2**20
"""Values above this many bytes are sent in parts."""

_PART = 8 * 2**20
_MOST = 10_000  # the most parts of an upload: "Multipart upload limits" in the S3 user guide
_NEVER = Tag("never-issued")


def upload(bucket: S3Bucket, key: str, value: bytes, expected: Tag | None, metadata: dict[str, str]) -> Tag:
    """Write ``value`` in parts, which become the object at the end, and return the new tag.

    Raises Conflict if ``expected`` is given and the object does not carry it at the end of the upload. If any
    request fails, the upload is aborted and its parts are deleted.
    """
    metadata = {**bucket.note(), **metadata}
    begun = bucket.ask("create_multipart_upload", key, Metadata=metadata, **bucket.served)
    mine = {"UploadId": require_field(begun, "UploadId", key)}

    def send(part: tuple[int, slice]) -> dict[str, Any]:
        number, where = part
        answer = bucket.ask("upload_part", key, PartNumber=number, Body=value[where], **mine)
        return {"PartNumber": number, "ETag": require_field(answer, "ETag", key)}

    try:
        sent = {"Parts": list(map_ordered(send, enumerate(_parts(len(value)), 1), bucket.pace))}
        end = mine | bucket.condition(key, expected)
        made = bucket.ask("complete_multipart_upload", key, MultipartUpload=sent, **end)
    except BaseException:
        with contextlib.suppress(HoldallError, KeyError):
            bucket.ask("abort_multipart_upload", key, **mine)
        raise
    return state_of(made, key).tag


def _parts(length: int) -> Iterator[slice]:
    size = max(_PART, -(-length // _MOST))
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
