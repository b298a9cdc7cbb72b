"""Convert the values of other libraries to bytes, without running any pickle."""

import json
import pickle
from typing import Any, Literal

from holdall.adapters._shared.plain import MOST, load

Values = Literal["bytes", "json", "pickle"]
VALUES = ("bytes", "json", "pickle")

_PROTOCOL = 4  # of pickles that holdall makes; Python 3.4 and later can load them
_SCALARS = (str, int, float, bool, type(None))
_PART = 72  # bytes of one object, as in the estimate of a pickle


class Pickled(bytes):
    """A value that is stored as a pickle."""


class Document(str):
    """A value that is stored as a text in JSON, or in another form that its app chose."""

    __slots__ = ()

    def load(self) -> Any:
        """Return the object of which this is the JSON. Raises NotTaken if it is not JSON."""
        try:
            return json.loads(self)
        except (ValueError, RecursionError) as error:
            raise NotTaken(f"is not JSON ({error}); open the source with ?values=bytes") from error


class NotTaken(Exception):
    """A value that cannot be converted. The text says why, and how to take it."""


def convert(value: object, values: Values) -> bytes:
    r"""Return ``value`` as bytes. Raises NotTaken if ``values`` does not allow this value.

    "bytes": bytes as they are, text in UTF-8, and numbers in decimal. "json": text, numbers, True, False,
    None, and lists and dicts of them, as JSON. "pickle": the pickle of any value, as it is stored.

    >>> convert("é", "bytes"), convert(7, "bytes"), convert(["a", 1], "json")
    (b'\xc3\xa9', b'7', b'["a",1]')
    """
    if values == "pickle":
        return _to_pickle(value)
    if isinstance(value, Pickled):
        value = _from_pickle(value, "bytes" if values == "bytes" else "utf-8")
    try:
        return _to_bytes(value) if values == "bytes" else _to_json(value)
    except UnicodeEncodeError:
        raise NotTaken("holds a text with a lone surrogate; open the source with ?values=pickle") from None


def _to_pickle(value: object) -> bytes:
    if isinstance(value, Pickled):
        return bytes(value)
    return pickle.dumps(str(value) if isinstance(value, Document) else value, protocol=_PROTOCOL)


def _from_pickle(value: Pickled, encoding: str) -> Any:
    try:
        return load(value, encoding)
    except (pickle.UnpicklingError, MemoryError, RecursionError) as error:
        raise NotTaken(
            f"is not the pickle of a plain object ({error}); to copy it unloaded, "
            "open the source with ?values=pickle"
        ) from error


def _to_bytes(value: object) -> bytes:
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, str):
        return value.encode()
    if type(value) in (int, float):
        return _to_digits(value)
    raise NotTaken(
        f"is of the type {type(value).__name__}, not bytes, text or a number; "
        "open the source with ?values=json or ?values=pickle"
    )


def _to_digits(value: object) -> bytes:
    try:
        return repr(value).encode()
    except ValueError as error:  # an int with too many digits
        raise NotTaken(
            f"is a number that is too long ({error}); open the source with ?values=pickle"
        ) from error


def _to_json(value: object) -> bytes:
    if isinstance(value, Document):
        value.load()
        return value.encode()
    _check_plain(value)
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError) as error:
        if isinstance(error, UnicodeEncodeError):
            raise
        raise NotTaken(f"cannot be JSON ({error}); open the source with ?values=pickle") from error


def _check_plain(value: object) -> None:
    """Raise NotTaken unless JSON keeps ``value`` as it is, in a bounded number of bytes.

    A few bytes of a pickle can be a list that contains another list many times, at every level.
    """
    waiting, size = [value], 0
    while waiting:
        each = waiting.pop()
        size += _PART + (len(each) if isinstance(each, str) else 0)
        if size > MOST:
            raise NotTaken(
                f"takes more than {MOST:,} bytes of memory as JSON; open the source with ?values=pickle"
            )
        if type(each) is list:
            waiting += each
        elif type(each) is dict and all(type(key) is str for key in each):
            waiting += each
            waiting += each.values()
        elif type(each) not in _SCALARS:
            kind = "dict whose keys are not all text" if type(each) is dict else type(each).__name__
            remedy = "?values=bytes or ?values=pickle" if each is value else "?values=pickle"
            raise NotTaken(
                f"holds an object of the type {kind}, which JSON cannot keep; open the source with {remedy}"
            )
