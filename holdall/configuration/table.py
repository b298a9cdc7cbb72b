"""The layers that an address can name, in the one order in which they are put on a store: top first.

A layer is one row: the parameter, what its text may be, where the layer is, and the name of the
constructor's argument. So a new layer is a line here, and its words in `holdall.address.LAYERED`.

The order, and why it is that one:

- `readonly` refuses before anybody works for a write.
- `history` is what its users hold; `validate` sees documents. The records of history are kept in the store
  itself, below all others.
- `serializer` makes bytes of documents. What follows is from bytes to bytes.
- `expires` is above all that checks, so that a deadline is checked too.
- `compress` before `encrypt`: what is encrypted cannot be compressed.
- `checksum` is over what lies on the disk, so that it can be checked without the key.
- `cache` is below these, and so holds what the store holds: compressed, sealed, and checked at each read.
- `metrics` and `budget` count what a cache does not answer.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final, NamedTuple

from holdall.address import Converter, flag
from holdall.configuration.values import document_type, duration, place, schema, seconds, size


class Row(NamedTuple):
    """A layer: chosen where ``parameter`` is ``value``, or has a value that the converter ``value`` takes.

    A converted value is the constructor's ``argument``, unless there is none: then it is yes or no.
    ``options`` are further parameters, which are arguments of the same name; one that is an address stands
    for the store there. ``stored`` says whether what lies in the store depends on the layer, so that a
    manifest has to name it.
    """

    parameter: str
    value: str | Converter
    layer: str
    argument: str = ""
    options: Mapping[str, Converter] = {}
    stored: bool = True

    @property
    def word(self) -> str:
        """What a manifest calls it."""
        return f"{self.parameter}={self.value}" if isinstance(self.value, str) else self.parameter

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        """The constructor's arguments, but for the store; None where this layer is not chosen."""
        value = given.get(self.parameter, False)
        if value is False or not self._takes(value):
            return None
        chosen = {self.argument: value} if self.argument else {}
        return chosen | {name: given[name] for name in self.options if name in given}

    def _takes(self, value: Any) -> bool:
        if isinstance(self.value, str):
            return bool(value == self.value)
        return self.value is not flag or not isinstance(value, str)  # a text is for a row of its own

    def load(self) -> Any:
        """The class; MissingExtra where its library is not installed."""
        module, _, name = self.layer.partition(":")
        return getattr(import_module(f"holdall.middleware.{module}"), name)


_SIZE: Final[Mapping[str, Converter]] = {"max_size": size}
_TYPED: Final[Mapping[str, Converter]] = {"type": document_type, **_SIZE}
_LEVEL: Final[Mapping[str, Converter]] = {"level": int, **_SIZE}
_BOUND: Final[Mapping[str, Converter]] = {"context": str, "bound": flag}
_NEAR: Final[Mapping[str, Converter]] = {"near": place, "items": int, "size": size, "misses": flag}

LAYERS: Final = (
    Row("readonly", flag, "readonly:ReadOnly", stored=False),
    Row("history", flag, "versions:Versions"),
    Row("history", "native", "versions:Versions", "history", stored=False),
    Row("validate", schema, "validate:Validate", "schema", stored=False),
    Row("serializer", "json", "json:Json", options=_TYPED),
    Row("serializer", "msgpack", "msgpack:MessagePack", options=_TYPED),
    Row("serializer", "yaml", "yaml:Yaml", options=_TYPED),
    Row("serializer", "xml", "xml:Xml", options=_TYPED),
    Row("serializer", "pickle", "pickle:Pickle", options={"trust": flag, "sign": str, **_BOUND}),
    Row("serializer", "text", "text:Text"),
    Row("expires", duration, "expires:Expires", "after"),
    Row("compress", "zstd", "zstd:Zstd", options={**_LEVEL, "dictionary": int}),
    Row("compress", "gzip", "gzip:Gzip", options=_LEVEL),
    Row("compress", "lzma", "lzma:Lzma", options=_LEVEL),
    Row("encrypt", str, "encrypt:Encrypt", "keys", _BOUND),
    Row("checksum", ("crc32c", "xxh3"), "checksum:Checksum", "algorithm"),
    Row("cache", seconds, "cache:Cache", "max_age", options=_NEAR, stored=False),
    Row("metrics", flag, "metrics:Metrics", stored=False),
    Row("budget", int, "budget:Budget", "requests", stored=False),
)
"""What an address takes, in order."""

LISTED: Final = (
    *LAYERS,
    Row("escape", flag, "escape:Escape"),
    Row("prefix", str, "prefix:Prefix", "prefix", stored=False),
)
"""What a list of layers in a configuration file takes, in any order in which they can work."""


def converters(rows: tuple[Row, ...]) -> dict[str, Converter]:
    """What converts each parameter of ``rows``.

    >>> converters(LAYERS)["compress"]
    ('zstd', 'gzip', 'lzma')
    """
    found: dict[str, Converter] = {}
    for row in rows:
        before = found.get(row.parameter, ())
        found[row.parameter] = _either(before, row.value) if isinstance(row.value, str) else row.value
        found |= row.options
    return found


def _either(before: Converter, word: str) -> Converter:
    """What takes ``word``, and whatever ``before`` does."""
    if isinstance(before, tuple):
        return (*before, word)
    return lambda text: word if text == word else before(text)
