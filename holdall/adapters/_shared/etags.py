"""The tags of a store as ETags (RFC 9110, section 8.8.3), as the HTTP service and its client write them.

etag = %x22 *( ETAGC / "%" 2HEXDIG ) %x22     ; the tag in UTF-8, without ',' and '%'
"""

from typing import Final
from urllib.parse import quote, unquote

from holdall.store import Tag

_SAFE: Final = "!#$&'()*+-./:;<=>?@[]^_`{|}~"  # the characters of an ETag, without ',' and '%'


def escape_tag(tag: Tag) -> str:
    """Return ``tag`` in the characters of an ETag. No two tags become equal.

    >>> escape_tag(Tag('"9a,"'))
    '%229a%2C%22'
    """
    return quote(tag, safe=_SAFE, errors="surrogatepass")


def unescape_tag(text: str) -> Tag:
    """Return the tag that `escape_tag` wrote as ``text``."""
    return Tag(unquote(text))


def etag(tag: Tag) -> str:
    """Return the header ETag for ``tag``."""
    return f'"{escape_tag(tag)}"'
