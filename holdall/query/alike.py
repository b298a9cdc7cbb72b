"""Compares two results of a reducer. Numbers may differ by rounding."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from math import isclose, isfinite, isnan
from numbers import Number, Rational
from typing import Any, Final

_ROUNDING: Final = 1e-9  # relative to the largest number that was added up


def is_alike(left: object, right: object, scale: float = 0.0) -> bool:
    """Return whether ``left`` equals ``right``, or differs only by rounding of numbers of size ``scale``.

    Tuples, lists, mappings, dataclasses and Structs are compared part by part. Two objects that cannot be
    compared, because their class does not define equality, count as equal.

    >>> is_alike([0.1 + 0.2], [0.3]), is_alike(1e-17, 0.0, scale=0.3), is_alike(2, 3)
    (True, True, False)
    """
    return _is_equal(left, right) or _is_nearly_equal(left, right, scale)


def largest(value: object) -> float:
    """Return the largest size of a number in ``value`` and its parts, or 0.0 without a number.

    >>> largest([("EUR", -7.5), ("USD", 2)])
    7.5
    """
    return max(_sizes(value), default=0.0)


def _is_equal(left: Any, right: Any) -> bool:
    if type(left) is type(right) and _lacks_equality(left):
        return _state(left) is None
    try:
        return bool(left == right)
    except Exception:  # noqa: BLE001 - an array, for one, compares to an array and not to a bool
        return True


def _is_nearly_equal(left: object, right: object, scale: float) -> bool:
    if isinstance(left, Number) and isinstance(right, Number):
        return _is_near(left, right, scale)
    ours, theirs = _parts(left), _parts(right)
    if ours is None or theirs is None or type(left) is not type(right):
        return False
    return ours.keys() == theirs.keys() and all(is_alike(ours[name], theirs[name], scale) for name in ours)


def _is_near(left: Any, right: Any, scale: float) -> bool:
    if isinstance(left, Rational) and isinstance(right, Rational):  # these types are exact
        return False
    try:
        one, other = float(left), float(right)
    except (TypeError, ValueError, OverflowError):  # complex, a signalling NaN, a very large int
        return False
    return (isnan(one) and isnan(other)) or isclose(one, other, rel_tol=_ROUNDING, abs_tol=_ROUNDING * scale)


def _sizes(value: Any) -> Iterator[float]:
    if isinstance(value, Number):
        try:
            size = abs(float(value))  # type: ignore[arg-type]  # complex is refused below
        except (TypeError, ValueError, OverflowError):
            return
        if isfinite(size):
            yield size
    for part in (_parts(value) or {}).values():
        yield from _sizes(part)


def _parts(value: Any) -> Mapping[Any, Any] | None:
    """Return the parts of ``value`` by index or name, or None if it has no known parts."""
    if isinstance(value, tuple | list):
        return dict(enumerate(value))
    return value if isinstance(value, Mapping) else _state(value)


def _state(value: Any) -> Mapping[str, Any] | None:
    names = getattr(value, "__struct_fields__", None)  # a Struct of msgspec, which is an extra
    if names is None and is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value)]
    if names is not None:
        return {name: getattr(value, name) for name in names}
    return getattr(value, "__dict__", None) if _lacks_equality(value) else None


def _lacks_equality(value: Any) -> bool:
    return getattr(type(value), "__eq__", None) is object.__eq__
