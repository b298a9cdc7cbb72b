"""The download of an object with its metadata, in one request.

The client downloads through the JSON API, whose answers do not contain the metadata. Google's XML API accepts
the same credentials, and its answers carry the metadata in headers ("GET Object" in its reference). An
emulator serves the XML API only under the host name that it was configured with, or not at all. So emulators
are read through the JSON API; the emulator that the tests use adds the same headers there. If a server sends
no metadata and the answer to a swap is lost, that swap cannot be distinguished from the write of another
writer, and raises Unavailable: see `holdall.adapters._objectstore.write_ids`.
"""

import base64
import re
from urllib.parse import quote

from holdall.adapters._objectstore.write_ids import State
from holdall.adapters.gcs.client import Connection
from holdall.adapters.gcs.session import Answer
from holdall.extras import needs
from holdall.ranges import ByteRange
from holdall.store import Tag

with needs("gcs"):
    import google_crc32c
    from google.cloud.storage.exceptions import DataCorruption

_META = "x-goog-meta-"
_PARTIAL = 206
_crc32c = re.compile(r"crc32c=([A-Za-z0-9+/]{6}==)").search


def download(
    connection: Connection, bucket: str, name: str, generation: str, timeout: float
) -> tuple[State, bytes]:
    """The state of the object ``name``, and its bytes as they are stored. Raises the client's errors.

    Reads the given ``generation`` or, if it is empty, the newest one.
    """
    answer = _get(connection, bucket, name, generation, timeout)
    _check(answer)
    return _state(answer), answer.body


def download_part(
    connection: Connection, bucket: str, name: str, generation: str, timeout: float, part: ByteRange
) -> tuple[State, bytes]:
    """The state of the object ``name``, and the ``part`` of it; its length is not 0. Raises the client's errors.

    ``generation`` is as in `download`. The server has no checksum of a part.
    """
    answer = _get(connection, bucket, name, generation, timeout, Range=part.header)
    partial = answer.status == _PARTIAL
    if partial:
        size = answer.headers.get("Content-Length", "")
        if size and size != str(len(answer.body)):
            raise DataCorruption(answer, f"it has {len(answer.body)} bytes, but should have {size}")
    else:
        _check(answer)
    return _state(answer), part.of_answer(answer.body, partial=partial)


def _get(
    connection: Connection, bucket: str, name: str, generation: str, timeout: float, **headers: str
) -> Answer:
    url = _url(connection, bucket, quote(name, safe=""), generation)
    # The headers of the connection accept gzip, so the server sends the body as it is stored.
    given = {**connection.headers(), **headers}
    success = (200, _PARTIAL) if "Range" in headers else (200,)
    return connection.session.fetch("GET", url, given, timeout=timeout, success=success, decode=False)


def _url(connection: Connection, bucket: str, quoted: str, generation: str) -> str:
    endpoint = connection.client.api_endpoint
    if connection.is_google:
        return f"{endpoint}/{bucket}/{quoted}" + (f"?generation={generation}" if generation else "")
    one = f"&generation={generation}" if generation else ""
    return f"{endpoint}/download/storage/v1/b/{bucket}/o/{quoted}?alt=media{one}"


def _check(answer: Answer) -> None:
    stored = _crc32c(answer.headers.get("x-goog-hash", ""))
    actual = base64.b64encode(google_crc32c.value(answer.body).to_bytes(4, "big")).decode()
    if stored and stored[1] != actual:
        raise DataCorruption(answer, f"its CRC32C is {actual}, but should be {stored[1]}")


def _state(answer: Answer) -> State:
    generation = answer.headers.get("x-goog-generation")
    if generation is None:
        raise DataCorruption(
            answer, "it has no generation; check that a Cloud Storage server is at this endpoint"
        )
    found = {k[len(_META) :].lower(): v for k, v in answer.headers.items() if k.lower().startswith(_META)}
    return State(Tag(generation), found)
