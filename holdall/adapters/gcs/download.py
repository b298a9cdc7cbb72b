"""The download of an object with its metadata, in one request.

The client downloads by the JSON API, whose answers leave the metadata out. Answers of Google's XML API
carry it in headers ("GET Object" in its reference), with the same credentials. An emulator answers to the
XML API only under the host name that it was told, if at all; so emulators are asked by the JSON API, and
the one that the tests use adds the same headers there. Where a server sends no metadata, a swap whose
answer was lost cannot be told from that of another writer, and is Unavailable: see `holdall.adapters.traces`.
"""

import base64
import re
from typing import Any
from urllib.parse import quote

from holdall.adapters.gcs.client import Connection
from holdall.adapters.traces import State
from holdall.extras import needs
from holdall.store import Tag

with needs("gcs"):
    import google_crc32c
    from google.api_core.exceptions import from_http_response
    from google.cloud.storage.exceptions import DataCorruption

_META = "x-goog-meta-"
_crc32c = re.compile(r"crc32c=([A-Za-z0-9+/]{6}==)").search


def download(
    connection: Connection, bucket: str, name: str, generation: str, timeout: float
) -> tuple[State, bytes]:
    """What the object ``name`` is, and its bytes as they are stored; raises what the client raises.

    It is that of ``generation``, or where that is empty the newest.
    """
    url = _url(connection, bucket, quote(name, safe=""))
    # A body that was stored compressed would be unpacked on the way for who does not accept it so.
    headers = {"Accept-Encoding": "gzip"}
    which = {"generation": generation} if generation else {}
    with connection.session.get(url, params=which, headers=headers, timeout=timeout, stream=True) as answer:
        if answer.status_code != 200:
            raise from_http_response(answer)  # type: ignore[no-untyped-call]
        value: bytes = answer.raw.read(decode_content=False)
    _check(answer, value)
    return _state(answer), value


def _url(connection: Connection, bucket: str, quoted: str) -> str:
    endpoint = connection.client.api_endpoint
    if connection.is_google:
        return f"{endpoint}/{bucket}/{quoted}"
    return f"{endpoint}/download/storage/v1/b/{bucket}/o/{quoted}?alt=media"


def _check(answer: Any, value: bytes) -> None:
    stored = _crc32c(answer.headers.get("x-goog-hash", ""))
    actual = base64.b64encode(google_crc32c.value(value).to_bytes(4, "big")).decode()
    if stored and stored[1] != actual:
        raise DataCorruption(answer, f"its CRC32C is {actual} and should be {stored[1]}")


def _state(answer: Any) -> State:
    generation = answer.headers.get("x-goog-generation")
    if generation is None:
        raise DataCorruption(answer, "it has no generation; no storage server is at this endpoint")
    found = {k[len(_META) :].lower(): v for k, v in answer.headers.items() if k.lower().startswith(_META)}
    return State(Tag(generation), found)
