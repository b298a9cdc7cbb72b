"""Validation of values by a FormEncode schema when they are written."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar, cast

from holdall.errors import Invalid, Unsupported
from holdall.extras import needs
from holdall.middleware.passthrough import PassThrough
from holdall.store import MISSING, Feature, Missing, Operation, Put, Store, Tag

with needs("validate"):
    from holdall._formencode import formencode

V = TypeVar("V")
S = TypeVar("S")


class Schema(Protocol[S]):
    """A FormEncode validator: a Schema, or anything with its ``to_python``."""

    def to_python(self, value: S, /, state: Any = None) -> S:
        """The converted ``value``; raises `formencode.Invalid`, with nested reasons, if it is not valid."""
        ...


class Validate(PassThrough[V]):
    """Writes only values that ``schema`` accepts, as the schema returns them; reads are not checked.

    A refused value raises Invalid, which names the key and holds every reason, nested in ``errors`` and by
    field in ``flat()``. Nothing of a refused write is stored. In a batch, items before the refused one may
    have been stored.

    >>> from formencode import Schema, validators
    >>> from holdall import Json, Memory
    >>> class Account(Schema):
    ...     code = validators.Regex(r"^[0-9]{4}$")
    >>> accounts = Validate(Json(Memory()), Account())
    >>> accounts["sales"] = {"code": "82"}
    Traceback (most recent call last):
      ...
    holdall.errors.Invalid: 'sales' is not valid: code: The input is not valid
    """

    def __init__(self, store: Store[V], schema: Schema[V]) -> None:
        super().__init__(store)
        self._schema = schema

    def _clean(self, key: str, value: V) -> V:
        try:
            return self._schema.to_python(value)
        except formencode.Invalid as error:
            raise invalid(f"{key!r} is not valid", error, key=key) from error

    def __setitem__(self, key: str, value: V, /) -> None:
        self._inner[key] = self._clean(key, value)

    def set_many(self, items: Iterable[tuple[str, V]], /) -> None:
        self._inner.set_many((key, self._clean(key, value)) for key, value in items)

    def swap(self, key: str, value: V, /, expected: Tag) -> Tag:
        return self._inner.swap(key, self._clean(key, value), expected)

    def open(self, key: str, /, mode: str = "rb", *, expected: Tag | None = None) -> Any:
        raise Unsupported(
            f"{self!r} cannot open {key!r} as a file: Validate checks whole values only; use store[key], "
            "or keep large values in a store without this layer",
            key=key,
        )

    @property
    def features(self) -> Feature:
        return self._inner.features & ~Feature.STREAMS

    def transact(self, changes: Iterable[Operation[V]], /) -> None:
        self._inner.transact(
            Put(change.key, self._clean(change.key, change.value)) if isinstance(change, Put) else change
            for change in changes
        )

    def modify(self, key: str, function: Callable[[V], V], /, default: V | Missing = MISSING) -> V:
        def step(value: V) -> V:
            changed = function(value)
            if changed is None and not self._accepts_none:
                raise TypeError(
                    "the function given to modify returned None, which the schema does not accept; "
                    "return the new value"
                )
            return self._clean(key, changed)

        return self._inner.modify(key, step, default)

    @property
    def _accepts_none(self) -> bool:
        """Whether the schema returns None for None.

        If it does, the store below gets None and checks for changes in place.
        """
        try:
            return self._schema.to_python(cast(V, None)) is None
        except formencode.Invalid:
            return False

    def _setdefault(self, key: str, default: V, /) -> V:
        return self._inner._setdefault(key, self._clean(key, default))


def invalid(message: str, error: "formencode.Invalid", *, key: str | None = None) -> Invalid:
    """FormEncode's error as holdall's Invalid: every reason is in ``errors``, nested, and in the message."""
    refusal = Invalid(message, key=key, errors=_messages_of(error))
    flat = refusal.flat().items()
    reasons = "; ".join(f"{name}: {reason}" if name else reason for name, reason in flat)
    return Invalid(f"{message}: {reasons}", key=key, errors=refusal.errors)


def _messages_of(error: Any) -> Any:
    if isinstance(error, formencode.Invalid):
        inner = error.error_dict or error.error_list
        return _messages_of(inner) if inner else error.msg
    if isinstance(error, dict):
        return {field: _messages_of(reason) for field, reason in error.items()}
    if isinstance(error, list):
        return [_messages_of(reason) for reason in error]
    return error
