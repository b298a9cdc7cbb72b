"""The representations: the form that the values of a store have in requests and responses.

| values    | alone                       | in JSON, as one of several |
| --------- | --------------------------- | -------------------------- |
| bytes     | application/octet-stream    | a string in Base64         |
| text      | text/plain; charset=utf-8   | a string                   |
| documents | application/json, msgpack   | the document itself        |

Documents are also read and written as MessagePack, if a client asks for it. IANA registered its media type as
``application/vnd.msgpack``; ``application/msgpack`` is the same.
"""

import base64
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple, Protocol

from holdall.adapters.memory import Memory
from holdall.errors import Invalid, Unsupported
from holdall.extras import needs
from holdall.layer import layers
from holdall.middleware.pickle import Pickle
from holdall.middleware.text import Text
from holdall.store import Store

with needs("server"):
    import msgspec

    from holdall.middleware.codec import Codec
    from holdall.middleware.documents.base import Documents
    from holdall.middleware.documents.by_prefix import ByPrefix
    from holdall.middleware.documents.declared import Unfit
    from holdall.middleware.json import Json
    from holdall.middleware.msgpack import MessagePack

MSGPACK: Final = ("application/vnd.msgpack", "application/msgpack")
"""The media types of MessagePack."""
MARK: Final = ",msgpack"
"""The end of an ETag of a document as MessagePack. The comma cannot be a part of a tag there."""

_index = re.compile(r"\[(\d+|\.\.\.)\]")


class Form(NamedTuple):
    """One form of a value: its Content-Type, and how it is read and written.

    ``mark`` is a part of the ETags of this form, because two forms of a value may not have the same ETag.
    """

    content_type: str
    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes]
    mark: str = ""


class Representation(Protocol):
    """Reads and writes the values of a store. Each ``read`` raises Invalid if the data is not valid."""

    content_type: str
    """The Content-Type of a value. The part before ``;`` is its media type."""

    @property
    def forms(self) -> dict[str, Form]:
        """The forms of a value alone, by their media types; the first one has the `content_type`."""
        ...

    def of(self, key: str, /) -> "Representation":
        """Return the representation of the value of ``key``."""
        ...

    def schemas(self, name: str, /) -> dict[str, Any]:
        """Return the schema of a value, named ``name``, and the schemas that it refers to, by their names."""
        ...

    def read(self, data: bytes, /) -> Any: ...
    def write(self, value: Any, /) -> bytes: ...

    def read_item(self, data: bytes, /) -> Any:
        """Return the value of ``data``, a part of a JSON text."""
        ...

    def write_item(self, value: Any, /) -> msgspec.Raw:
        """Return ``value`` as a part of a JSON text."""
        ...


class BytesRepresentation:
    """Values of bytes."""

    content_type = "application/octet-stream"

    @property
    def forms(self) -> dict[str, Form]:
        return _only(self)

    def of(self, key: str, /) -> "BytesRepresentation":
        return self

    def schemas(self, name: str, /) -> dict[str, Any]:
        return {name: {}}

    def read(self, data: bytes, /) -> bytes:
        return data

    def write(self, value: bytes, /) -> bytes:
        return value

    def read_item(self, data: bytes, /) -> bytes:
        try:
            return base64.b64decode(_string(data), validate=True)
        except ValueError as error:
            raise Invalid(f"the value is not Base64: {error}") from error

    def write_item(self, value: bytes, /) -> msgspec.Raw:
        return msgspec.Raw(b'"%b"' % base64.b64encode(value))


class TextRepresentation:
    """Values of text."""

    content_type = "text/plain; charset=utf-8"

    @property
    def forms(self) -> dict[str, Form]:
        return _only(self)

    def of(self, key: str, /) -> "TextRepresentation":
        return self

    def schemas(self, name: str, /) -> dict[str, Any]:
        return {name: {"type": "string"}}

    def read(self, data: bytes, /) -> str:
        try:
            return data.decode()
        except ValueError as error:
            raise Invalid(f"the value is not UTF-8: {error}") from error

    def write(self, value: str, /) -> bytes:
        return value.encode()

    def read_item(self, data: bytes, /) -> str:
        return _string(data)

    def write_item(self, value: str, /) -> msgspec.Raw:
        return msgspec.Raw(msgspec.json.encode(value))


class DocumentRepresentation:
    """Documents of the type ``type``, as JSON; also those that their store keeps in another format.

    ``from_json`` says that each document was read from JSON of this type, so that JSON can express it.

    >>> DocumentRepresentation(dict[str, int]).read(b'{"a": "1"}')
    Traceback (most recent call last):
      ...
    holdall.errors.Invalid: the value is not valid: Expected `int`, got `str` - at `$[...]`
    """

    content_type = "application/json"

    def __init__(self, type: Any, *, from_json: bool = False) -> None:
        self._type = type
        self._json = Json(Memory(), type)
        self._from_json = from_json
        self.forms = _only(self) | _msgpack_forms(type)
        make = partial(DocumentRepresentation, from_json=from_json)
        self._others = ByPrefix(type, make) if hasattr(type, "types_by_prefix") else None

    def of(self, key: str, /) -> "DocumentRepresentation":
        return self if self._others is None else self._others.find(key) or self

    def schemas(self, name: str, /) -> dict[str, Any]:
        template = f"#/components/schemas/{name}.{{name}}"
        try:
            (schema,), others = msgspec.json.schema_components([self._type], ref_template=template)
        except TypeError:  # msgspec does not know the type
            return {name: {}}
        return {name: schema, **{f"{name}.{each}": other for each, other in others.items()}}

    def read(self, data: bytes, /) -> Any:
        return _decode(self._json, data)

    def write(self, value: Any, /) -> bytes:
        try:
            return self._json.rewrite(value) if self._from_json else self._json.encode("", value)
        except (Invalid, RecursionError) as error:
            raise Unsupported("the stored document cannot be written as JSON") from error

    def read_item(self, data: bytes, /) -> Any:
        return self.read(data)

    def write_item(self, value: Any, /) -> msgspec.Raw:
        return msgspec.Raw(self.write(value))


def _only(representation: Representation) -> dict[str, Form]:
    content_type = representation.content_type
    form = Form(content_type, representation.read, representation.write)
    return {content_type.partition(";")[0]: form}


def _msgpack_forms(type: Any) -> dict[str, Form]:
    try:
        codec = MessagePack(Memory(), type)
    except (TypeError, Unsupported):  # such as for a model of Pydantic
        return {}
    read, write = partial(_decode, codec), partial(_encode, codec)
    return {media_type: Form(media_type, read, write, MARK) for media_type in MSGPACK}


def _decode(codec: Documents[Any], data: bytes) -> Any:
    try:
        return codec.decode("", data)
    except Unfit as error:
        raise Invalid(f"the value is not valid: {error}", errors=error.errors) from error
    except RecursionError as error:
        raise Invalid("the value is nested too deeply") from error
    except ValueError as error:
        raise Invalid(f"the value is not valid: {error}", errors=_errors(str(error))) from error


def _encode(codec: Documents[Any], value: Any) -> bytes:
    try:
        return codec.encode("", value)
    except (Invalid, RecursionError) as error:
        raise Unsupported("the stored document cannot be written as MessagePack") from error


def representation(store: Store[Any]) -> Representation:
    """Return the representation of the values of ``store``, which its topmost serializer decides.

    Raises Unsupported if the values are pickled objects, because a client could then run its own code.
    """
    unchanged = True
    for layer in layers(store):
        if isinstance(layer, Documents):
            return DocumentRepresentation(layer.document_type, from_json=unchanged and type(layer) is Json)
        if isinstance(layer, Text):
            return TextRepresentation()
        if isinstance(layer, Pickle):
            raise Unsupported("a store of pickled objects cannot be served; use a serializer such as json")
        unchanged = unchanged and not isinstance(layer, Codec)
    return BytesRepresentation()


def _string(data: bytes) -> str:
    try:
        return msgspec.json.decode(data, type=str)
    except ValueError as error:
        raise Invalid(f"the value is not a JSON string: {error}") from error


def _errors(message: str) -> dict[str, str] | None:
    """Return the reason in a message of msgspec by the name of the field, as `Invalid.flat` writes it.

    >>> _errors("Expected `int`, got `str` - at `$.lines[0].amount`")
    {'lines-0.amount': 'Expected `int`, got `str`'}
    """
    reason, found, place = message.rpartition(" - at `$")
    if not (found and place.endswith("`")):
        return None
    return {_index.sub(r"-\1", place[:-1].removeprefix(".")): reason}
