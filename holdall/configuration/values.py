"""Converts the text of a layer's parameter to its value: a time, a size, an address, or an app's object."""

import math
import re
from importlib import import_module
from operator import attrgetter
from typing import Any, Final

from holdall.address import Address
from holdall.errors import InvalidAddress
from holdall.redact import brief

_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_duration = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhd]?)", re.ASCII).fullmatch
_SIZES: Final = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_size = re.compile(r"([0-9]+(?:\.[0-9]+)?)((?:[KMG]I?B)?)", re.ASCII).fullmatch
_object = re.compile(r"([A-Za-z_][\w.]*):([A-Za-z_][\w.]*)").fullmatch


def duration(text: str) -> float | None:
    """Return the seconds in a number with an optional unit (s, m, h, d), or None for ``never``.

    Raises InvalidAddress for any other text.

    >>> duration("90s"), duration("1.5h"), duration("never")
    (90.0, 5400.0, None)
    """
    if text == "never":
        return None
    found = _duration(text)
    if not found:
        raise InvalidAddress(f"{brief(text)} is not a duration; write for example 60s, 5m or never")
    return float(found[1]) * _UNITS[found[2]]


def seconds(text: str) -> float:
    """Return the seconds as `duration` does, but infinity for ``never``.

    >>> seconds("60s"), seconds("never")
    (60.0, inf)
    """
    found = duration(text)
    return math.inf if found is None else found


def size(text: str) -> int:
    """Return the bytes in a number with an optional unit: kB MB GB (decimal) or KiB MiB GiB, in any case.

    Raises InvalidAddress for any other text.

    >>> size("1000"), size("2GB"), size("1.5KiB")
    (1000, 2000000000, 1536)
    """
    found = _size(text.upper())
    if not found:
        raise InvalidAddress(f"{brief(text)} is not a size; write for example 500KB or 2GiB")
    return int(float(found[1]) * _SIZES[found[2]])


def place(text: str) -> Address:
    """Return the address of another store, which is opened together with the store that names it.

    Raises InvalidAddress if it is not valid, for example because a ``+`` was not percent-encoded.
    """
    if " " in text.partition(":")[0]:
        raise InvalidAddress(
            f"{brief(text.partition(':')[0])} is not a scheme; inside a parameter write '+' as %2B"
        )
    return Address.parse(text)


def import_object(text: str) -> Any:
    """Return the object at ``module:name``.

    This imports the module, so an address must be as trustworthy as code.

    Raises InvalidAddress if the object does not exist.

    >>> import_object("decimal:Decimal")
    <class 'decimal.Decimal'>
    """
    found = _object(text)
    if not found:
        raise InvalidAddress(f"{text!r} is not a module:name; write for example myapp.schemas:Invoice")
    try:
        return attrgetter(found[2])(import_module(found[1]))
    except (ModuleNotFoundError, AttributeError) as error:
        remedy = "install it, or put its folder on PYTHONPATH"
        raise InvalidAddress(f"{text!r} cannot be imported: {error}; {remedy}") from error


def document_type(text: str) -> Any:
    """Return the type of documents at ``module:name``."""
    return import_object(text)


def schema(text: str) -> Any:
    """Return the FormEncode schema at ``module:name``. If the object is a class, return an instance of it.

    Raises InvalidAddress if the object is not a FormEncode schema.
    """
    found = import_object(text)
    if not hasattr(found, "to_python"):  # before the call: other objects may not be safe to call
        raise InvalidAddress(
            f"{text!r} is not a FormEncode schema, because it has no to_python; name another object"
        )
    return found() if isinstance(found, type) else found
