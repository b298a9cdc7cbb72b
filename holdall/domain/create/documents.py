"""Reads JSON documents from bytes: one object, a list of objects, or one object a line (NDJSON)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from holdall.errors import Invalid

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_MARK = b"\xef\xbb\xbf"


def documents_in(data: bytes) -> Iterator[Any]:
    """Yield the documents in ``data``. A number with a point becomes a Decimal, exactly as it is written.

    Raises Invalid, which names the place, if ``data`` is not JSON.

    >>> list(documents_in(b'{"amount": 12.10}'))
    [{'amount': Decimal('12.10')}]
    """
    data = data.removeprefix(_MARK)
    try:
        whole = _decode(data)
    except Invalid:
        lines = [line for line in data.splitlines() if line.strip()]
        if len(lines) < 2 or not all(line.lstrip().startswith(b"{") for line in lines):
            raise
        yield from _of_lines(data)
    else:
        yield from whole if isinstance(whole, list) else [whole]


def _of_lines(data: bytes) -> Iterator[Any]:
    for position, line in enumerate(data.splitlines(), 1):
        if line.strip():
            try:
                yield _decode(line)
            except Invalid as problem:
                raise Invalid(f"line {position}: {problem}") from problem.__cause__


def _decode(data: bytes) -> Any:
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError, ArithmeticError) as error:
        raise Invalid(f"it is not JSON ({str(error)[:80]}); correct it") from error
