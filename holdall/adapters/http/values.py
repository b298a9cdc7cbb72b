"""The values of a store as bytes here, and in JSON on the way: Base64, text, or the document itself."""

from collections.abc import Callable
from typing import Any, Final, Generic, NamedTuple, TypeVar

from holdall.errors import Invalid
from holdall.extras import needs

with needs("http"):
    import msgspec

T = TypeVar("T")


class Item(msgspec.Struct, Generic[T]):
    """A key of a listing, with its tag and value if they were asked for."""

    key: str
    tag: str = ""
    value: T | msgspec.UnsetType = msgspec.UNSET


class Page(msgspec.Struct, Generic[T]):
    """A page of a listing. ``next`` is empty on the last page."""

    items: list[Item[T]]
    next: str = ""


class Result(msgspec.Struct, Generic[T]):
    """The result of an operation of a batch: its value, or the members of a problem."""

    status: int
    value: T | msgspec.UnsetType = msgspec.UNSET
    type: str = "about:blank"
    detail: str = ""
    errors: dict[str, str] | None = None


class Results(msgspec.Struct, Generic[T]):
    """The results of a batch, in the order of its operations."""

    results: list[Result[T]]


class Values(NamedTuple):
    """How the values of one kind are encoded for JSON and decoded from it."""

    encode: Callable[[str, bytes], Any]
    """Takes a key and its value. Raises Invalid if the value is not of this kind."""
    decode: Callable[[Any], bytes]
    page: "msgspec.json.Decoder[Page[Any]]"
    results: "msgspec.json.Decoder[Results[Any]]"


def _text(key: str, value: bytes) -> str:
    try:
        return value.decode()
    except ValueError as error:
        raise Invalid(f"the value of {key!r} is not UTF-8, and the service keeps text", key=key) from error


def _document(key: str, value: bytes) -> msgspec.Raw:
    try:
        value.decode()
        return _check_json(value)
    except (ValueError, RecursionError) as error:
        raise Invalid(
            f"the value of {key!r} is not JSON, and the service keeps documents; wrap the store in Json",
            key=key,
        ) from error


_check_json = msgspec.json.Decoder(msgspec.Raw).decode


def _values(kind: Any, encode: Callable[[str, bytes], Any], decode: Callable[[Any], bytes]) -> Values:
    page: Any = msgspec.json.Decoder(Page[kind])
    results: Any = msgspec.json.Decoder(Results[kind])
    return Values(encode, decode, page, results)


VALUES: Final = {
    "bytes": _values(bytes, lambda key, value: value, bytes),
    "text": _values(str, _text, str.encode),
    "json": _values(msgspec.Raw, _document, bytes),
}
"""By the word with which the service describes its values."""
