"""An answer of a server that may be a stranger: read whole, within bounds."""

from collections.abc import Mapping
from typing import Final, NamedTuple, TypeVar

from holdall.adapters._shared.etags import unescape_tag
from holdall.adapters._shared.service import REPLAYED, SERVICE
from holdall.errors import Corrupt, TooLarge
from holdall.extras import needs
from holdall.store import Tag

with needs("http"):
    import msgspec
    from urllib3.response import HTTPResponse

T = TypeVar("T")

LARGEST: Final = 1 << 28
"""The most bytes of a body, after decompression."""

_CHUNK: Final = 1 << 16


class Answer(NamedTuple):
    """The status, headers and body of an answer.

    ``in_doubt`` says that an earlier attempt of the same write may have taken effect.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    in_doubt: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether the service carried out the request. 416 says that a range begins after the end of the value."""
        return SERVICE in self.headers and (self.status < 300 or self.status in (304, 416))

    @property
    def is_replayed(self) -> bool:
        """Whether the service repeats the answer to an earlier attempt."""
        return REPLAYED in self.headers

    @property
    def tag(self) -> Tag:
        """The tag in the header ETag; ABSENT if there is none. A proxy that compresses marks it as weak."""
        return unescape_tag(self.headers.get("ETag", "").removeprefix("W/").strip('"'))

    def value(self, where: str) -> bytes:
        """Return the body, a value. Raises Corrupt if the answer has only a part of a value, or none."""
        if self.status != 200:
            raise Corrupt(
                f"{where} answered {self.status} to a read, which is not a whole value; "
                "check the proxies before the service"
            )
        return self.body

    def decode(self, decoder: "msgspec.json.Decoder[T]", where: str) -> T:
        """Return the body, decoded. Raises Corrupt if it is not valid."""
        try:
            return decoder.decode(self.body)
        except (ValueError, RecursionError) as error:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
            raise Corrupt(f"the answer of {where} cannot be read: {reason}") from error


def read(response: HTTPResponse) -> Answer:
    """Return the whole answer. Raises TooLarge if it is longer than `LARGEST`."""
    headers = response.headers
    said = headers.get("Content-Length", "")
    plain = said.isascii() and said.isdigit() and len(said) < 12 and "Content-Encoding" not in headers
    if plain and int(said) <= LARGEST:
        return Answer(response.status, headers, response.read())
    parts, left = [], LARGEST
    while part := response.read(_CHUNK):
        parts.append(part)
        left -= len(part)
        if left < 0:
            raise TooLarge(f"the answer is longer than {LARGEST:,} bytes")
    return Answer(response.status, headers, b"".join(parts))
