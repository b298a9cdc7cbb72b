"""Blobs of Azure Storage, through the client of adlfs. The server itself checks the conditions."""

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

from holdall.adapters.fsspec.tree import Swaps, TreeEntry
from holdall.errors import Conflict, MissingExtra
from holdall.ranges import ByteRange
from holdall.store import ABSENT, ATTEMPTS, Feature, Tag
from holdall.threads import run_in_loop

try:
    from azure.core import MatchConditions
    from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
    from azure.storage.blob.aio import BlobPrefix
except ModuleNotFoundError as error:
    raise MissingExtra(f"{error.name} is not installed; pip install 'holdall[fsspec]' adlfs") from error

T = TypeVar("T")

_is_etag = re.compile(r"[\w-]{1,64}", re.ASCII).fullmatch
_NO_BLOB = "BlobNotFound"  # ContainerNotFound does not mean that a key is missing


class Azure(Swaps):
    """A tree of blobs, whose tags are ETags. Azure replaces a blob in one step, without a temporary file.

    No request is sent twice. If the answer to a conditional request were lost and the request sent again, its
    condition would fail because of the first attempt.
    """

    features = (
        Feature.TAGS
        | Feature.SWAP
        | Feature.REMOVE
        | Feature.BATCH
        | Feature.SHARED
        | Feature.DURABLE
        | Feature.RANGES
    )
    threads = True

    def read(self, name: str) -> bytes:
        return self.get_tagged(name)[0]

    def write(self, name: str, value: bytes) -> None:
        self._upload(name, value)

    def delete(self, name: str) -> None:
        self._ask(lambda blobs, how: blobs.delete_blob(self._blob(name), **how))

    def list_folder(self, folder: str) -> Iterator[TreeEntry]:
        prefix = self._blob(folder) + "/" if self._blob(folder) else ""

        async def fetch(blobs: Any, how: dict[str, Any]) -> list[TreeEntry]:
            pages = blobs.walk_blobs(name_starts_with=prefix, delimiter="/", **how)
            return [_entry_of(blob, len(prefix)) async for blob in pages]

        return iter(self._ask(fetch))

    def get_tagged(self, name: str) -> tuple[bytes, Tag]:
        async def get(blobs: Any, how: dict[str, Any]) -> tuple[bytes, Tag]:
            stream = await blobs.download_blob(self._blob(name), **how)
            return await stream.readall(), _tag(stream.properties.etag)

        return self._ask(get)

    def read_part(self, name: str, part: ByteRange) -> bytes:
        for _ in range(ATTEMPTS):
            size, etag = self._look(name)
            start, length = part.within(size)
            if not length:
                return b""
            with suppress(Conflict):  # another writer replaced the blob in the meantime
                return self._get_part(name, start, length, etag)
        raise Conflict(name)

    def _get_part(self, name: str, start: int, length: int, etag: str) -> bytes:
        async def get(blobs: Any, how: dict[str, Any]) -> bytes:
            unchanged = {"match_condition": MatchConditions.IfNotModified, "etag": etag}
            stream = await blobs.download_blob(
                self._blob(name), offset=start, length=length, **unchanged, **how
            )
            found: bytes = await stream.readall()
            return found

        return self._ask(get)

    def size(self, name: str) -> int:
        return self._look(name)[0]

    def _look(self, name: str) -> tuple[int, str]:
        """The size of a blob, and its ETag."""

        async def look(blobs: Any, how: dict[str, Any]) -> tuple[int, str]:
            found = await blobs.get_blob_client(self._blob(name)).get_blob_properties(**how)
            return found.size, found.etag

        return self._ask(look)

    def swap(self, name: str, value: bytes, expected: Tag) -> Tag:
        return self._upload(name, value, **_condition(name, expected))

    def remove(self, name: str, expected: Tag) -> None:
        condition = _condition(name, expected)
        self._ask(lambda blobs, how: blobs.delete_blob(self._blob(name), **condition, **how))

    def close(self) -> None:
        run_in_loop(self.fs.loop, self.fs.service_client.close)

    def _blob(self, name: str) -> str:
        return self.path(name).strip("/").partition("/")[2]

    def _upload(self, name: str, value: bytes, **condition: Any) -> Tag:
        async def put(blobs: Any, how: dict[str, Any]) -> Tag:
            blob = blobs.get_blob_client(self._blob(name))
            done = await blob.upload_blob(value, overwrite=True, **condition, **how)
            return _tag(done["etag"])

        return self._ask(put)

    def _ask(self, request: Callable[[Any, dict[str, Any]], Awaitable[T]]) -> T:
        async def answer() -> T:
            container = self.path("").strip("/").partition("/")[0]
            return await request(self.fs.service_client.get_container_client(container), self._how)

        try:
            return run_in_loop(self.fs.loop, answer)
        except ResourceNotFoundError as error:
            if getattr(error, "error_code", None) == _NO_BLOB:
                raise FileNotFoundError(_NO_BLOB) from error
            raise
        except (ResourceExistsError, ResourceModifiedError) as error:
            raise Conflict("a condition failed") from error

    @property
    def _how(self) -> dict[str, Any]:
        return {**self.fs._timeout_kwargs, "retry_total": 0}


def _condition(name: str, expected: Tag) -> dict[str, Any]:
    if expected == ABSENT:
        return {"match_condition": MatchConditions.IfMissing}
    if not _is_etag(expected):
        raise Conflict(name)
    return {"match_condition": MatchConditions.IfNotModified, "etag": f'"{expected}"'}


def _entry_of(blob: Any, skip: int) -> TreeEntry:
    name = blob.name[skip:]
    return (
        TreeEntry(name.rstrip("/"), True)
        if isinstance(blob, BlobPrefix)
        else TreeEntry(name, False, _tag(blob.etag))
    )


def _tag(etag: str) -> Tag:
    return Tag(etag.strip('"'))
