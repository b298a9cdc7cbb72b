"""Whether a server honours conditional requests: known of Amazon S3, tried out on any other.

Servers that speak S3 were seen to ignore every condition, those on deletes, or those on the completion
of a multipart upload. Compare-and-swap on such a server would be check-then-write, so it is refused.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from holdall.errors import Conflict, HoldallError, PermissionDenied, Unsupported
from holdall.keys import RESERVED, RawKey
from holdall.store import Feature

Ask = Callable[..., Any]
"""One request about a key: operation, key and parameters; it raises holdall's errors."""

_WRONG = '"never-issued"'


@dataclass(frozen=True)
class Conditions:
    """The features that hold at a server, and why the others do not."""

    features: Feature
    reason: str = ""


AMAZON = Conditions(Feature.SWAP | Feature.REMOVE)
"""As documented: conditional writes, and conditional deletes in general purpose buckets."""


def tried(ask: Ask) -> Conditions:
    """What the server does with conditions: eight requests at most about a reserved scratch key.

    Errors are raised but for a lack of permission, which is a reason not to offer what needs it.
    """
    try:
        with _scratch(ask) as key:
            return _writes(ask, key)
    except PermissionDenied as error:
        return Conditions(Feature.NONE, f"it could not be tried out: {error}")


def _writes(ask: Ask, key: str) -> Conditions:
    tag = ask("put_object", key, Body=b"1")["ETag"]
    if not _refuses(ask, "put_object", key, Body=b"2", IfNoneMatch="*"):
        return Conditions(Feature.NONE, "its server ignores If-None-Match: every writer would win")
    if not _refuses(ask, "put_object", key, Body=b"2", IfMatch=_WRONG):
        return Conditions(Feature.NONE, "its server ignores If-Match: every writer would win")
    if _refuses(ask, "put_object", key, Body=b"1", IfMatch=tag):
        return Conditions(Feature.NONE, "its server does not know its own ETags again")
    return _deletes(ask, key, tag)


def _deletes(ask: Ask, key: str, tag: str) -> Conditions:
    if not _refuses(ask, "delete_object", key, IfMatch=_WRONG):
        return Conditions(Feature.SWAP, "its server ignores If-Match on deletes, or has it not")
    ask("delete_object", key, IfMatch=tag)
    if not _refuses(ask, "delete_object", key, IfMatch=tag):
        return Conditions(Feature.SWAP, "its server lets more than one delete of an object win")
    return Conditions(Feature.SWAP | Feature.REMOVE)


def multipart_tried(ask: Ask) -> bool:
    """Whether the server honours a condition on the completion of a multipart upload."""
    with _scratch(ask) as key:
        tag = ask("put_object", key, Body=b"1")["ETag"]
        return _completes(ask, key, _WRONG) is False and _completes(ask, key, tag)


def _completes(ask: Ask, key: str, expected: str) -> bool:
    upload = {"UploadId": ask("create_multipart_upload", key)["UploadId"]}
    part = ask("upload_part", key, Body=b"2", PartNumber=1, **upload)["ETag"]
    parts = {"Parts": [{"ETag": part, "PartNumber": 1}]}
    with contextlib.suppress(Conflict, KeyError):
        ask("complete_multipart_upload", key, IfMatch=expected, MultipartUpload=parts, **upload)
        return True
    ask("abort_multipart_upload", key, **upload)
    return False


@contextlib.contextmanager
def _scratch(ask: Ask) -> Iterator[str]:
    key = RawKey(f"{RESERVED}/probe/{uuid4().hex}")
    try:
        yield key
    finally:
        with contextlib.suppress(HoldallError):
            ask("delete_object", key)


def _refuses(ask: Ask, operation: str, key: str, **parameters: Any) -> bool:
    """Whether the server evaluates the condition, and finds that it fails."""
    try:
        ask(operation, key, **parameters)
    except (Conflict, KeyError):
        return True
    except Unsupported:
        pass
    return False
