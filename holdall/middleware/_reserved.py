"""The records that a layer keeps under reserved keys, with errors in words that the layer's user knows."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

from holdall.errors import HoldallError
from holdall.keys import RESERVED, rename_key
from holdall.middleware.interceptor import Interceptor
from holdall.store import Store

T = TypeVar("T")


class Called(NamedTuple):
    """A record as the user knows it: ``words`` name the record, and ``key`` is the user's key for it."""

    words: str
    key: str | None = None


class Reserved(Interceptor[bytes]):
    """The part of ``store`` under ``prefix``, a reserved prefix, for the layer that keeps its records there.

    Errors of the store do not name reserved keys here. ``called`` names the record of a reserved key instead;
    without a key, it names the records as a whole.

    >>> from holdall import Memory
    >>> marks = Reserved(Memory(), ".holdall/marks/", lambda key: Called("the mark", key))
    >>> marks["a" * 500] = b""
    Traceback (most recent call last):
      ...
    holdall.errors.InvalidKey: key the mark is 515 bytes of UTF-8; the limit is 480
    """

    def __init__(self, store: Store[bytes], prefix: str, called: Callable[[str | None], Called]) -> None:
        super().__init__(store.raw(prefix))
        self._prefix = prefix
        self._called = called

    def _call(self, name: str, call: Callable[..., T], /, *args: Any) -> T:
        try:
            return call(*args)
        except HoldallError as error:
            key = args[0] if args and isinstance(args[0], str) else None
            raise self.reword(error, key) from error

    def _stream(self, name: str, items: Iterable[T], /) -> Iterator[T]:
        try:
            yield from items
        except HoldallError as error:
            raise self.reword(error) from error

    def reword(self, error: HoldallError, key: str | None = None) -> HoldallError:
        """``error`` in the user's words.

        It was raised about the record ``key``, or about another record that the error itself names. An error
        that names no record is returned as it is.
        """
        named = error.key if error.key and RESERVED in error.key else f"{self._prefix}{key or ''}"
        if RESERVED not in str(error) and named != error.key:
            return error
        called = self._called(named.partition(self._prefix)[2] or None)
        return rename_key(error, named, called.words, called.key)
