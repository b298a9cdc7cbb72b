"""What the text of a layer's parameter stands for: a time, or an object of the application."""

import math
import re
from importlib import import_module
from operator import attrgetter
from typing import Any, Final

from holdall.address import Address
from holdall.errors import InvalidAddress

_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_duration = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhd]?)", re.ASCII).fullmatch
_SIZES: Final = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_size = re.compile(r"([0-9]+(?:\.[0-9]+)?)((?:[KMG]I?B)?)", re.ASCII).fullmatch
_object = re.compile(r"([A-Za-z_][\w.]*):([A-Za-z_][\w.]*)").fullmatch


def duration(text: str) -> float | None:
    """Seconds, from a number and perhaps a unit (s, m, h, d); None for ``never``. ValueError otherwise.

    >>> duration("90s"), duration("1.5h"), duration("never")
    (90.0, 5400.0, None)
    """
    if text == "never":
        return None
    found = _duration(text)
    if not found:
        raise ValueError(text)
    return float(found[1]) * _UNITS[found[2]]


def seconds(text: str) -> float:
    """As `duration`, but that ``never`` ends is infinity.

    >>> seconds("60s"), seconds("never")
    (60.0, inf)
    """
    found = duration(text)
    return math.inf if found is None else found


def size(text: str) -> int:
    """Bytes, from a number and perhaps a unit: kB MB GB (decimal) or KiB MiB GiB, in any case.

    >>> size("1000"), size("2GB"), size("1.5KiB")
    (1000, 2000000000, 1536)
    """
    found = _size(text.upper())
    if not found:
        raise ValueError(text)
    return int(float(found[1]) * _SIZES[found[2]])


def place(text: str) -> Address:
    """The address of a further store, which is opened with the one that names it."""
    return Address.parse(text)


def imported(text: str) -> Any:
    """The object at ``module:name``, whose module is imported: an address is to be trusted like code.

    InvalidAddress where there is none.

    >>> imported("decimal:Decimal")
    <class 'decimal.Decimal'>
    """
    found = _object(text)
    if not found:
        raise InvalidAddress(f"{text!r} is no module:name, as in myapp.schemas:Invoice")
    try:
        return attrgetter(found[2])(import_module(found[1]))
    except (ModuleNotFoundError, AttributeError) as error:
        remedy = "install it, or put its folder on PYTHONPATH"
        raise InvalidAddress(f"{text!r} cannot be imported: {error}; {remedy}") from error


def document_type(text: str) -> Any:
    """The type of documents at ``module:name``."""
    return imported(text)


def schema(text: str) -> Any:
    """The FormEncode schema at ``module:name``: one made of the class, or the object that it is."""
    found = imported(text)
    if not hasattr(found, "to_python"):  # before it is called: not everything may be
        raise InvalidAddress(f"{text!r} is no FormEncode schema: it has no to_python")
    return found() if isinstance(found, type) else found
