"""An upload of one value in parts, each sent when it is complete ("Resumable uploads" in the Cloud Storage guide).

A part that is sent again after a lost answer does no harm: the server ignores the bytes that it has already. The
last request makes the parts an object. The server deletes the parts of an upload that ends in any other way.
"""

import contextlib
import re
from typing import Any
from urllib.parse import quote

from holdall.adapters.gcs.bucket import GCSBucket, generation_of, tag_of
from holdall.adapters.gcs.client import Connection
from holdall.adapters.gcs.errors import no_bucket
from holdall.adapters.gcs.json_api import as_json
from holdall.adapters.gcs.writes import GCSWrites
from holdall.errors import Corrupt, HoldallError, Unavailable
from holdall.extras import needs
from holdall.store import Tag

with needs("gcs"):
    from google.api_core.exceptions import from_http_response

PART = 8 * 2**20
"""The bytes of a part; they must be a multiple of 256 KiB."""

_UNFINISHED = 308
_last = re.compile(r"bytes=0-([0-9]{1,18})").fullmatch


class GCSUpload:
    """See `holdall.adapters._objectstore.streams.Upload`. With ``expected``, the end is a compare-and-swap.

    Raises Unsupported if the server ignores conditions on uploads in parts.
    """

    def __init__(self, bucket: GCSBucket, writes: GCSWrites, key: str, expected: Tag | None) -> None:
        self._bucket = bucket
        self._writes = writes
        self._key = key
        self._expected = expected
        self._write = writes.begin_in_parts(key, expected)
        self._sent = 0
        self._url = self._begin()

    def _begin(self) -> str:
        described = as_json(self._bucket.properties(self._write.metadata))
        name, match = self._bucket.root + self._key, generation_of(self._key, self._expected)

        def post(connection: Connection) -> str:
            url = f"{connection.client.api_endpoint}/upload/storage/v1/b/{quote(self._bucket.name)}/o"
            asked = {"uploadType": "resumable", "name": name, "ifGenerationMatch": match}  # None is left out
            answer = connection.session.post(
                url, params=asked, json=described, timeout=self._bucket.options.timeout
            )
            _require(answer, 200, 201)
            location: str | None = answer.headers.get("Location")
            if not location:
                raise Corrupt(
                    f"the server began no upload of {self._key!r}; check which server is at this endpoint"
                )
            return location

        try:
            url: str = self._bucket.ask(lambda connection, retry: retry(post)(connection), self._key)
        except KeyError as error:  # only a missing bucket gets 404 here
            raise no_bucket(f"gs://{self._bucket.name}") from error
        return url

    def send(self, data: bytes) -> None:
        end = self._sent + len(data)
        while self._sent < end:
            rest = memoryview(data)[len(data) - (end - self._sent) :]
            answer = self._put(rest, f"bytes {self._sent}-{end - 1}/*")
            got = _last(answer.headers.get("Range", ""))
            self._sent = int(got[1]) + 1 if got else 0
            if end - self._sent > len(data):
                message = f"the server lost a part of the upload of {self._key!r}; write it again"
                raise Corrupt(message, key=self._key)

    def complete(self, data: bytes) -> Tag | None:
        end = self._sent + len(data)
        place = f"bytes {self._sent}-{end - 1}/{end}" if data else f"bytes */{end}"

        def finish() -> Tag:
            return tag_of(self._put(data, place).json().get("generation"), self._key)

        if self._expected is None:
            return self._writes.settle_put(self._key, self._write, finish)
        return self._writes.settle_swap(self._key, self._write, finish)

    def _put(self, data: bytes | memoryview, place: str) -> Any:
        headers = {"Content-Range": place}

        def put(connection: Connection) -> Any:
            answer = connection.session.put(
                self._url,
                data=bytes(data),
                headers=headers,
                timeout=self._bucket.options.timeout,
                allow_redirects=False,
            )
            _require(answer, 200, 201, _UNFINISHED)
            return answer

        try:
            return self._bucket.ask(lambda connection, retry: retry(put)(connection), self._key)
        except KeyError as error:  # the server does not know the upload
            message = f"the upload of {self._key!r} has expired or was lost; write it again"
            raise Unavailable(message, key=self._key) from error

    def abort(self) -> None:
        def delete(connection: Connection, retry: Any) -> None:
            connection.session.delete(self._url, timeout=self._bucket.options.timeout)

        with contextlib.suppress(HoldallError, KeyError):
            self._bucket.ask(delete, self._key)


def _require(answer: Any, *statuses: int) -> None:
    if answer.status_code not in statuses:
        raise from_http_response(answer)  # type: ignore[no-untyped-call]
