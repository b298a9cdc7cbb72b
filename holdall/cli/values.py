"""Values as they are typed and printed: bytes and text as they are, documents as JSON."""

from typing import Any

from holdall.errors import HoldallError, Invalid


def written(value: Any) -> bytes:
    r"""What is printed for ``value``; a document as one line of JSON.

    >>> written(b"\xff"), written("é"), written({"total": 1})
    (b'\xff', b'\xc3\xa9', b'{"total":1}\n')
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    import msgspec  # late: plain stores need none

    try:
        return msgspec.json.encode(value) + b"\n"
    except TypeError as error:
        raise HoldallError(f"it cannot be printed as JSON: {error}; read it in Python") from error


def read(data: bytes, serializer: str) -> Any:
    """The value that ``data`` is typed for, in a store of ``serializer``: bytes, text, or JSON for a document.

    >>> read(b"1", ""), read(b"1", "text"), read(b"1", "yaml")
    (b'1', '1', 1)
    """
    if not serializer:
        return data
    import msgspec  # late: plain stores need none

    try:
        return data.decode() if serializer == "text" else msgspec.json.decode(data)
    except (ValueError, RecursionError) as error:
        kind = "text" if serializer == "text" else "JSON, as in '{\"total\": 1}'"
        raise Invalid(f"the value is no {kind}: {error}") from error
