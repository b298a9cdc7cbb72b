"""The requests about objects by the methods of Google's client, for whoever mocks or traces these methods."""

import io
from collections.abc import Mapping
from typing import Any, NamedTuple

from holdall.adapters._objectstore.names import NameRange
from holdall.adapters.gcs.calls import Stat
from holdall.adapters.gcs.listing import FIELDS, Page, read_page


class SDK(NamedTuple):
    """See `holdall.adapters.gcs.calls.Calls`. Sends a large value in an upload session of several requests."""

    client: Any
    bucket: str
    timeout: float

    def blob(self, name: str, generation: str = "") -> Any:
        """The client's blob for an object, without a request."""
        return self.client.bucket(self.bucket).blob(name, generation=generation or None)

    def stat(self, name: str, generation: str, retry: Any) -> Stat:
        blob = self.blob(name, generation)
        blob.reload(timeout=self.timeout, retry=retry)
        return Stat(blob.generation, blob.size or 0, blob.metadata or {})

    def upload(
        self,
        name: str,
        value: bytes,
        match: int | None,
        properties: Mapping[str, Any],
        retry: Any,
        *,
        resumable: bool = False,
    ) -> object:
        """As in `Calls`. With ``resumable``, a small value is sent in an upload session too."""
        blob = self.blob(name)
        for attribute, given in properties.items():
            setattr(blob, attribute, given)
        size = None if resumable else len(value)
        bounds = {"timeout": self.timeout, "retry": retry}
        blob.upload_from_file(io.BytesIO(value), size=size, if_generation_match=match, **bounds)
        generation: object = blob.generation
        return generation

    def delete(self, name: str, match: int | None, retry: Any) -> None:
        self.blob(name).delete(if_generation_match=match, timeout=self.timeout, retry=retry)

    def page(self, names: NameRange, token: str | None, size: int, retry: Any) -> Page:
        blobs = self.client.list_blobs(
            self.bucket,
            prefix=names.prefix or None,
            start_offset=names.low or None,
            end_offset=names.high,
            page_token=token,
            page_size=size,
            fields=FIELDS,
            timeout=self.timeout,
            retry=retry,
        )
        return read_page(next(blobs.pages).raw_page)
