"""The base of the document serializers: a document is read back exactly as it was written, or is refused."""

from abc import abstractmethod
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, cast

import msgspec
from msgspec import inspect

from holdall.errors import Invalid, TooLarge
from holdall.middleware.codec import Codec
from holdall.middleware.documents.by_prefix import ByPrefix
from holdall.middleware.documents.declared import Declared, Reread, Unfit, holds_model, unknown_class
from holdall.middleware.documents.memory import LARGEST
from holdall.middleware.documents.offsets import Offsets
from holdall.middleware.documents.plain import Plain
from holdall.middleware.readonly import ReadOnly
from holdall.store import Store

if TYPE_CHECKING:
    from typing_extensions import TypeForm

V = TypeVar("V")
T = TypeVar("T")

Write = Callable[[Any], bytes]
Read = Callable[[bytes], Any]


class Documents(Codec[V, bytes]):
    """Shows a store of bytes as a store of documents; a subclass says how its format writes and reads them.

    Without a type, a document may hold exactly the types in `plain`. Anything else raises Invalid, which
    names the key and the path of the part, also in ``flat()``.

    With ``type`` (a Struct, dataclass, TypedDict or any type that msgspec knows) a document holds the parts
    that the type declares. Reading raises Corrupt if the stored bytes do not fit the type. Writing raises
    Invalid for a value of another type. msgspec does not check the fields of a Struct when the Struct is
    created, and writing does not check them either; reading checks them, and so do type checkers. A part that
    is declared as Any must be equal after it is read back; each write tests that. Writing raises Invalid for
    a moment (datetime, time) if its offset from UTC would be rounded to minutes. If the type contains a class
    that the format does not keep, this raises Invalid before anything is written.

    A class may have ``types_by_prefix``, a mapping from prefixes of keys to types as module:name. Then the documents
    under such a prefix have this other type, in the same store.

    If a document takes more than about ``max_size`` bytes of memory, writing it raises TooLarge, and reading
    it raises Corrupt. Its size is estimated before it is decoded, see `holdall.middleware.documents.memory`.

    >>> from holdall import Json, Memory
    >>> Json(Memory())["a"] = {"lines": [{"codes": {"8200", "8300"}}]}
    Traceback (most recent call last):
      ...
    holdall.errors.Invalid: Json cannot keep the value of 'a': lines-0.codes: the type set would be ...
    """

    plain: ClassVar[Plain]
    """The types that are kept without a declared type."""
    floats: ClassVar[bool] = True
    """Whether the format has NaN and the infinities."""
    rounded: ClassVar[tuple[type, ...]] = (time,)
    """The types of moments whose UTC offset the format always writes in whole minutes."""
    dense: ClassVar[int]
    """The most bytes of memory that one stored byte can take. It decides which documents need no estimate."""
    document_type: Any
    """The declared type of the documents, or Any."""

    def __init__(self, store: Store[bytes], type: Any, max_size: int = LARGEST) -> None:
        super().__init__(store)
        self.document_type = type
        self._max_size = max_size
        self._small = max_size // self.dense
        self._declared: Reread | None = None
        if holds_model(type):
            self._write, self._read = self._format_models(type)
            self._declared = Reread(self._read)
        else:
            self._write, self._read = self._format(type)
            if type is not Any:
                self._declare(type)
        self._sure = self._declared.sure if self._declared else frozenset()
        self._others = (
            ByPrefix(type, lambda other: self._with(store, other))
            if hasattr(type, "types_by_prefix")
            else None
        )

    def _declare(self, type: Any) -> None:
        if unknown := unknown_class(type):
            raise self._keeps_no(f"{unknown.__name__}, which {_name_of(type)} is or holds", _REMEDY)
        self._declared = Declared(type, self._read, floats=self.floats)
        if offsets := Offsets(inspect.type_info(type), self.rounded):
            self._write = exactly(self._write, offsets)

    def _format_models(self, type: Any) -> tuple[Write, Read]:
        """As `_format`, for documents that contain Pydantic models."""
        raise self._keeps_no(f"Pydantic models, and {_name_of(type)} is or holds one", "use Json")

    def _keeps_no(self, what: str, remedy: str) -> Invalid:
        return Invalid(f"{type(self).__name__} does not keep {what}; {remedy}")

    @abstractmethod
    def _format(self, type: Any) -> tuple[Write, Read]:
        """The functions that write and read a document of ``type``. Any means no declared type."""

    @abstractmethod
    def _memory(self, data: bytes, enough: int) -> int:
        """About how much memory the document in ``data`` takes; any size over ``enough`` if it is more."""

    def encode(self, key: str, value: V, /) -> bytes:
        if self._others is not None and (other := self._others.find(key)) is not None:
            return other.encode(key, value)
        data = self._write_checked(key, value)
        if len(data) > self._small and self._memory(data, self._max_size) > self._max_size:
            raise TooLarge(
                f"the value of {key!r} takes more than {self._max_size:,} bytes of memory; split it, or raise max_size",
                key=key,
            )
        return data

    def rewrite(self, value: V, /) -> bytes:
        """Return the data of ``value``, a document that `decode` returned, and so without a check."""
        return self._write(value)

    def _write_checked(self, key: str, value: V) -> bytes:
        if type(value) in self._sure:
            return self._write(value)
        if self._declared is None:
            return self._encode_plain(key, value)
        data = self._write(value)
        try:
            self._declared.check(value, data)
        except Unfit as error:
            message = f"{type(self).__name__} cannot keep the value of {key!r}: {error}"
            raise Invalid(message, key=key, errors=error.errors) from error
        return data

    def _encode_plain(self, key: str, value: V) -> bytes:
        cause = None
        try:
            if self.plain.keeps(value):
                return self._write(value)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - the refusal below names the part
            cause = error
        raise self.plain.refusal(key, value, type(self).__name__, self._write) from cause

    def decode(self, key: str, data: bytes, /) -> V:
        if self._others is not None and (other := self._others.find(key)) is not None:
            return cast(V, other.decode(key, data))
        if len(data) > self._small and self._memory(data, self._max_size) > self._max_size:
            raise ValueError(
                f"it takes more than {self._max_size:,} bytes of memory; raise max_size to read it"
            )
        return self._read(data)  # type: ignore[no-any-return]

    def typed(self, type: "TypeForm[T]", /) -> Store[T]:
        # Read-only, because writing back a part of a document would lose the rest of it.
        return ReadOnly(cast("Store[T]", self._with(self._inner, type)))

    def _with(self, store: Store[bytes], type: Any) -> "Documents[Any]":
        """Return this serializer over ``store``, with documents of ``type``."""
        serializer = cast("Callable[..., Documents[Any]]", self.__class__)
        return serializer(store, type=type, max_size=self._max_size)


_REMEDY: Final = "declare a Struct, a dataclass or a TypedDict; Json also accepts a Pydantic model"


def _name_of(type: Any) -> str:
    return str(getattr(type, "__name__", type))


def exactly(write: Write, offsets: Offsets) -> Write:
    """A function as ``write`` that raises ValueError if ``write`` rounded a moment of the document."""

    def write_exactly(value: Any) -> bytes:
        data = write(value)  # first, because it refuses a document that contains itself
        offsets.check(value)
        return data

    return write_exactly


_CONVERTED: Final = {bytes, date, datetime, Decimal}
"""The types that msgspec writes as text for formats that do not keep them."""


def convert(type: Any, plain: Plain, write: Write, read: Read) -> tuple[Write, Read]:
    """``write`` and ``read``, which handle plain documents, extended to documents of ``type``."""
    if type is Any:
        return write, read
    kept = tuple(plain.types & _CONVERTED)

    def write_typed(value: Any) -> bytes:
        return write(msgspec.to_builtins(value, builtin_types=kept, str_keys=True))

    def read_typed(data: bytes) -> Any:
        return msgspec.convert(read(data), type, builtin_types=kept, str_keys=True)

    return write_typed, read_typed
