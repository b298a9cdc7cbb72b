"""Requests that delete all keys under a prefix."""

from typing import Final

from holdall.adapters.http.link import Link
from holdall.errors import Corrupt
from holdall.extras import needs

with needs("http"):
    import msgspec

_LONGEST: Final = 5  # seconds that a service spends on one request


class _Left(msgspec.Struct):
    """The key at which to go on; empty if none is left."""

    next: str = ""


_decoder = msgspec.json.Decoder(_Left)


def delete_prefix(link: Link, prefix: str) -> None:
    """Delete every key that begins with ``prefix``. Raises Unsupported if the service is of an older release."""
    given: dict[str, object] = {"prefix": prefix} if prefix else {"all": "true"}
    given["seconds"] = max(1, min(_LONGEST, int(link.timeout / 2)))
    start = ""
    while True:
        answer = link.ask("DELETE", link.place.listing(**given))
        left = answer.decode(_decoder, link.place.url).next
        if not left:
            return
        if left <= start:
            raise Corrupt(f"{link.place.url} deletes the same keys again; update the service")
        given["start"] = start = left
