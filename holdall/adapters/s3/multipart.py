"""Uploads in parts: for values too large to be sent in one request and again if it fails."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from holdall.adapters.concurrent import Pace, ordered
from holdall.errors import HoldallError

THRESHOLD = 16 * 2**20
"""Values above this many bytes are sent in parts."""

_PART = 8 * 2**20
_MOST = 10_000  # parts in an upload, and at least 5 MiB in each but the last: "Multipart upload limits"

Ask = Callable[..., Any]


def upload(
    ask: Ask,
    key: str,
    value: bytes,
    pace: Pace,
    metadata: dict[str, str],
    condition: dict[str, str],
) -> dict[str, Any]:
    """Write ``value`` in parts and make them the object, if ``condition`` holds then; the answer to that.

    Where anything fails, the parts are thrown away.
    """
    begun = ask("create_multipart_upload", key, Metadata=metadata)
    mine = {"UploadId": begun["UploadId"]}

    def send(part: tuple[int, bytes]) -> dict[str, Any]:
        number, body = part
        answer = ask("upload_part", key, PartNumber=number, Body=body, **mine)
        return {"PartNumber": number, "ETag": answer["ETag"]}

    try:
        sent = list(ordered(send, enumerate(_parts(value), 1), pace))
        made: dict[str, Any] = ask(
            "complete_multipart_upload", key, MultipartUpload={"Parts": sent}, **mine, **condition
        )
    except BaseException:
        with contextlib.suppress(HoldallError):
            ask("abort_multipart_upload", key, **mine)
        raise
    return made


def _parts(value: bytes) -> Iterator[bytes]:
    size = max(_PART, -(-len(value) // _MOST))
    return (value[at : at + size] for at in range(0, len(value), size))
