"""Shows a stack of layers as nested constructors, one layer per line."""

from typing import Any

from holdall.redact import format_call
from holdall.store import Store


def nested(store: Store[Any], indent: str = "") -> str:
    """Return the nested constructors that make ``store``, without secrets.

    >>> from holdall import Cache, Gzip, Memory, Text
    >>> print(nested(Text(Cache(Memory("far"), 60, near=Gzip(Memory("near"))))))
    Text(
        Cache(
            Memory('far'),
            60,
            near=Gzip(
                Memory('near'),
            ),
        ),
    )
    """
    args, kwargs = store._made_with
    name = type(store).__name__
    if not args or not isinstance(args[0], Store):
        return f"{indent}{store!r}"
    inner = indent + "    "
    rest = [format_call("", (arg,), {})[1:-1] for arg in map(_shown, args[1:])]
    rest += [_option(option, value, inner) for option, value in kwargs.items()]
    lines = [nested(args[0], inner), *(inner + each for each in rest)]
    return "\n".join([f"{indent}{name}(", *(f"{line}," for line in lines), f"{indent})"])


def _option(name: str, value: object, indent: str) -> str:
    if isinstance(value, Store):
        return f"{name}={nested(value, indent).lstrip()}"
    return format_call("", (), {name: _shown(value)})[1:-1]


class _Made:
    """An object whose repr is not useful. It is shown as a call of its class."""

    def __init__(self, thing: object) -> None:
        self._name = type(thing).__name__

    def __repr__(self) -> str:
        return f"{self._name}()"


def _shown(value: object) -> object:
    plain = isinstance(value, type) or not repr(value).startswith("<")
    return value if plain else _Made(value)
