"""The token that a client sends: its source, and the header."""

import re
from collections.abc import Callable

from holdall.adapters.http.place import Place
from holdall.errors import InvalidAddress, PermissionDenied
from holdall.private import is_source, read_secret

Source = str | Callable[[], str]
"""``env:NAME``, ``file:PATH``, or a function that returns the token."""

_is_token = re.compile(r"[!-~]{1,1000}").fullmatch


class Token:
    """The token at ``source``, or no token. It is read when the first request needs it.

    Raises InvalidAddress if ``source`` is not the name of a source, or if ``place`` is reached without encryption.
    """

    def __init__(self, source: Source | None, place: Place) -> None:
        if source is not None and not callable(source) and not is_source(source):
            raise InvalidAddress(
                f"{place.scheme}: token does not name a source; give env:NAME or file:PATH, never the token itself"
            )
        if source is not None and not place.is_private:
            raise InvalidAddress(
                f"http: a token would be sent to {place.host} without encryption; write https://"
            )
        self._source = source
        self._header: dict[str, str] | None = None

    def header(self) -> dict[str, str]:
        """Return the header to send. Raises PermissionDenied if the source does not have a token."""
        if self._source is not None and self._header is None:
            self._header = {"Authorization": f"Bearer {_read(self._source)}"}
        return self._header or {}

    def forget(self) -> None:
        """Read the token again for the next request, because the service refused it."""
        self._header = None


def _read(source: Source) -> str:
    text = source() if callable(source) else read_secret(source, "token").decode("latin-1").strip()
    if not _is_token(text):
        raise PermissionDenied(
            "the source of the token does not have one: visible ASCII characters, no spaces"
        )
    return text
