"""The base of every layer that changes values: two functions, through which every operation passes."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeVar

from holdall.errors import Corrupt, HoldallError, Invalid, Unsupported
from holdall.keys import Foreign, format_key
from holdall.layer import Layer
from holdall.store import MISSING, WHOLE, Feature, Missing, Operation, Put, Store, Tag, Tagged, in_place_error

V = TypeVar("V")
W = TypeVar("W")

_IMMUTABLE: Final = (bytes, str, int, float, type(None))


class Codec(Layer[V, W]):
    """Shows a ``Store[W]`` as a ``Store[V]``: ``encode`` runs on each write and ``decode`` on each read.

    Both are pure functions of key and value; most ignore the key. If ``encode`` raises an exception, the
    write raises Invalid. If ``decode`` raises one, the read raises Corrupt. Each error names the key.

    >>> class Text(Codec[str, bytes]):
    ...     def encode(self, key, value):
    ...         return value.encode()
    ...     def decode(self, key, data):
    ...         return data.decode()
    >>> from holdall import Memory
    >>> notes = Text(Memory())
    >>> notes["greeting"] = "grüezi"
    >>> notes["greeting"]
    'grüezi'
    """

    @abstractmethod
    def encode(self, key: str, value: V, /) -> W:
        """The data to store for ``value``. To refuse the value, raise any exception."""

    @abstractmethod
    def decode(self, key: str, data: W, /) -> V:
        """The value that ``encode`` turned into ``data``. To reject the data, raise any exception."""

    def _encode(self, key: str, value: V) -> W:
        try:
            return self.encode(key, value)
        except (HoldallError, MemoryError):
            raise
        except Exception as error:
            message = f"{type(self).__name__} cannot keep the value of {key!r}: {error}"
            raise Invalid(message, key=key) from error

    def _decode(self, key: str, data: W) -> V:
        try:
            return self.decode(key, data)
        except (HoldallError, MemoryError):
            raise
        except Exception as error:
            raise self._corrupt(key, error) from error

    def _corrupt(self, key: str, error: Exception) -> Corrupt:
        message = f"the value of {key!r} was not written by {type(self).__name__}, or is damaged: {error}"
        return Corrupt(message, key=key)

    def __getitem__(self, key: str, /) -> V:
        data = self._inner[key]
        try:  # not self._decode, to save a call on the hottest path
            return self.decode(key, data)
        except (HoldallError, MemoryError):
            raise
        except Exception as error:
            raise self._corrupt(key, error) from error

    def _find(self, key: str, /) -> V | Missing:
        data = self._inner._find(key)
        return MISSING if data is MISSING else self._decode(key, data)

    def __setitem__(self, key: str, value: V, /) -> None:
        self._inner[key] = self._encode(key, value)

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, V]]:
        return self._decode_items(self._inner.scan_items(prefix, start=start, stop=stop))

    def get_foreign(self, name: Foreign, /) -> V:
        return self._decode(format_key(name), self._inner.get_foreign(name))

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, V]]:
        return self._decode_items(self._inner.get_many(keys))

    def _decode_items(self, items: Iterable[tuple[str, W]]) -> Iterator[tuple[str, V]]:
        decode = self.decode
        for key, data in items:
            try:
                value = decode(key, data)
            except (HoldallError, MemoryError):
                raise
            except Exception as error:
                raise self._corrupt(key, error) from error
            yield key, value

    def set_many(self, items: Iterable[tuple[str, V]], /) -> None:
        self._inner.set_many((key, self._encode(key, value)) for key, value in items)

    def get_tagged(self, key: str, /) -> Tagged[V]:
        data, tag = self._inner.get_tagged(key)
        return Tagged(self._decode(key, data), tag)

    def swap(self, key: str, value: V, /, expected: Tag) -> Tag:
        return self._inner.swap(key, self._encode(key, value), expected)

    def transact(self, changes: Iterable[Operation[V]], /) -> None:
        self._inner.transact(
            Put(change.key, self._encode(change.key, change.value)) if isinstance(change, Put) else change
            for change in changes
        )

    def modify(self, key: str, function: Callable[[V], V], /, default: V | Missing = MISSING) -> V:
        def step(data: W) -> W:
            value = self._decode(key, data)
            changed = function(value)
            if changed is None and self._was_changed(key, value, data):
                raise in_place_error()
            return self._encode(key, changed)

        start = MISSING if default is MISSING else self._encode(key, default)
        return self._decode(key, self._inner.modify(key, step, start))

    def _was_changed(self, key: str, value: V, data: W) -> bool:
        """Whether ``value``, which was decoded from ``data``, was changed in place afterwards."""
        if isinstance(value, _IMMUTABLE):
            return False
        try:  # compare the encoded data: not every object can be compared, and NaN differs from itself
            return self.encode(key, value) != self.encode(key, self.decode(key, data))
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - it was decoded, but can no longer be encoded
            return True

    def read(self, key: str, /, start: int = 0, length: int | None = None) -> bytes:
        raise self._whole(key, "read a part of")

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        raise self._whole(key, "open", " as a file")

    def _whole(self, key: str, action: str, form: str = "") -> Unsupported:
        return Unsupported(
            f"{self!r} cannot {action} {key!r}{form}: {type(self).__name__} encodes and decodes whole values only; "
            "use store[key], or keep large values in a store without this layer",
            key=key,
        )

    @property
    def features(self) -> Feature:
        return self._inner.features & ~WHOLE

    size = Store.size  # the size of the decoded value, which only decoding tells

    # A value is decoded before it is deleted, so a value that cannot be decoded is not deleted.
    _take = Store._take
    popitem = Store.popitem

    def _setdefault(self, key: str, default: V, /) -> V:
        return self._decode(key, self._inner._setdefault(key, self._encode(key, default)))

    _expiring = Layer._expiring_below

    def at(self, key: str, revision: int, /) -> V:
        return self._decode(key, self._inner.at(key, revision))
