"""The requests about objects as the JSON API of Cloud Storage defines them.

The methods of Google's client send the same requests, but take about three times as long. The URLs are theirs
to the letter, so that errors, logs and mocks of a server see no difference.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from hashlib import md5
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from holdall.adapters._objectstore.names import NameRange
from holdall.adapters.gcs.calls import Stat
from holdall.adapters.gcs.client import Connection
from holdall.adapters.gcs.listing import FIELDS, Page, read_page
from holdall.extras import needs

with needs("gcs"):
    import google_crc32c
    from requests.exceptions import InvalidJSONError

_JSON_NAMES = {"content_type": "contentType", "cache_control": "cacheControl", "metadata": "metadata"}
_TYPE = "application/octet-stream"


class JsonAPI(NamedTuple):
    """See `holdall.adapters.gcs.calls.Calls`. `upload` always takes one request."""

    connection: Connection
    bucket: str
    timeout: float

    def stat(self, name: str, generation: str, retry: Any) -> Stat:
        which = {"generation": generation} if generation else {}
        found = _resource(self._ask(retry, "GET", self._object(name), {**which, "projection": "noAcl"}))
        return Stat(found.get("generation"), int(found.get("size", 0)), found.get("metadata") or {})

    def upload(
        self, name: str, value: bytes, match: int | None, properties: Mapping[str, Any], retry: Any
    ) -> object:
        url = f"{self.connection.client.api_endpoint}/upload/storage/v1/b/{quote(self.bucket)}/o?uploadType=multipart"
        mark = secrets.token_hex(16)
        described = {"name": name, **as_json(properties), **_checksum(value)}
        body = _multipart(mark, described, properties.get("content_type", _TYPE), value)
        url = url if match is None else f"{url}&ifGenerationMatch={match}"
        kind = {"Content-Type": f'multipart/related; boundary="{mark}"'}
        return _resource(self._send(retry, "POST", url, body, kind)).get("generation")

    def delete(self, name: str, match: int | None, retry: Any) -> None:
        self._ask(retry, "DELETE", self._object(name), {} if match is None else {"ifGenerationMatch": match})

    def page(self, names: NameRange, token: str | None, size: int, retry: Any) -> Page:
        asked = {
            "pageToken": token,
            "maxResults": size,
            "projection": "noAcl",
            "prefix": names.prefix or None,
            "startOffset": names.low or None,
            "endOffset": names.high,
            "fields": FIELDS,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        return read_page(self._ask(retry, "GET", self._objects(), given))

    def _objects(self) -> str:
        return f"{self.connection.client.api_endpoint}/storage/v1/b/{quote(self.bucket)}/o"

    def _object(self, name: str) -> str:
        return f"{self._objects()}/{quote(name, safe='')}"

    def _ask(self, retry: Any, method: str, url: str, asked: Mapping[str, Any]) -> Any:
        return self._send(retry, method, f"{url}?{urlencode({**asked, 'prettyPrint': 'false'})}")

    def _send(
        self,
        retry: Any,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The answer to a request, which is JSON; None if it has no body."""
        given = {**self.connection.headers(), **(headers or {})}

        def send() -> Any:
            answer = self.connection.session.fetch(method, url, given, body, timeout=self.timeout)
            return _parsed(answer.body) if answer.body else None

        return retry(send)()


def as_json(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The ``properties`` of an object, whose names are the client's, with the names of the JSON API."""
    return {_JSON_NAMES[name]: value for name, value in properties.items()}


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise InvalidJSONError(str(error)) from error


def _resource(answer: Any) -> dict[str, Any]:
    """The description of an object in ``answer``."""
    if not isinstance(answer, dict):
        raise InvalidJSONError("it is not an object; check that a Cloud Storage server is at this endpoint")
    return answer


def _multipart(mark: str, described: Mapping[str, Any], content_type: str, value: bytes) -> bytes:
    """The body of an upload in one request: the properties of the object, and its bytes (RFC 2387)."""
    head = (
        f"--{mark}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{json.dumps(described)}\r\n"
        f"--{mark}\r\nContent-Type: {content_type}\r\n\r\n"
    )
    return b"".join((head.encode(), value, f"\r\n--{mark}--".encode()))


def _checksum(value: bytes) -> dict[str, str]:
    """The property by which the server verifies that ``value`` arrived unchanged."""
    if google_crc32c.implementation == "c":
        return {"crc32c": base64.b64encode(google_crc32c.value(value).to_bytes(4, "big")).decode()}
    return {"md5Hash": base64.b64encode(md5(value, usedforsecurity=False).digest()).decode()}
