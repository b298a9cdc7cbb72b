"""The layers that an address can name, in the fixed order in which they are put on a store: top first.

A layer is one row: the parameter, its valid values, the module and class of the layer, and the name of the
constructor's argument. To add a layer, add a line here and its parameters to `holdall.address.LAYERED`.

The order has these reasons:

- `readonly` refuses a write before any other layer does work for it.
- `history` is near the top, because the app calls its methods; `validate` sees documents. The records of
  history are in the store itself, below all other layers.
- `serializer` converts documents to bytes. The layers below it convert bytes to bytes.
- `expires` is above all layers that check bytes, so that they check the deadline too.
- `compress` is before `encrypt`, because encrypted bytes cannot be compressed.
- `checksum` is computed over the bytes on the disk, so that it can be checked without the encryption key.
- `cache` is below these layers, so it holds the stored bytes: compressed, encrypted, checked at each read.
- `metrics` and `budget` count only the requests that a cache does not answer.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final, NamedTuple

from holdall.address import Converter, flag
from holdall.configuration.values import document_type, duration, place, schema, seconds, size


class Row(NamedTuple):
    """A layer. It is chosen if ``parameter`` equals ``value``, or if the converter ``value`` accepts it.

    The converted value is the constructor's ``argument``. If ``argument`` is empty, the value is a yes or no.
    ``options`` are further parameters, passed as arguments of the same name; for an address, the store at
    this address is passed. ``stored`` says whether the stored bytes depend on the layer, so that a manifest
    has to name the layer.
    """

    parameter: str
    value: str | Converter
    layer: str
    argument: str = ""
    options: Mapping[str, Converter] = {}
    stored: bool = True

    @property
    def word(self) -> str:
        """The name of this layer in a manifest."""
        return f"{self.parameter}={self.value}" if isinstance(self.value, str) else self.parameter

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the constructor's arguments except the store, or None if this layer is not chosen."""
        value = given.get(self.parameter, False)
        if value is False or not self._takes(value):
            return None
        chosen = {self.argument: value} if self.argument else {}
        return chosen | {name: given[name] for name in self.options if name in given}

    def _takes(self, value: Any) -> bool:
        if isinstance(self.value, str):
            return bool(value == self.value)
        return self.value not in (flag, seconds) or not isinstance(value, str)  # a text is of another row

    def load(self) -> Any:
        """Return the class. Raises MissingExtra if its library is not installed."""
        module, _, name = self.layer.partition(":")
        return getattr(import_module(f"holdall.middleware.{module}"), name)


_SIZE: Final[Mapping[str, Converter]] = {"max_size": size}
_TYPED: Final[Mapping[str, Converter]] = {"type": document_type, **_SIZE}
_LEVEL: Final[Mapping[str, Converter]] = {"level": int, **_SIZE}
_BOUND: Final[Mapping[str, Converter]] = {"context": str, "bound": flag}
_ROOM: Final[Mapping[str, Converter]] = {"items": int, "size": size, "misses": flag}

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
    Row("expires", duration, "expires:Expires", "ttl"),
    Row("compress", "zstd", "zstd:Zstd", options={**_LEVEL, "dictionary": int}),
    Row("compress", "gzip", "gzip:Gzip", options=_LEVEL),
    Row("compress", "lzma", "lzma:Lzma", options=_LEVEL),
    Row("encrypt", str, "encrypt:Encrypt", "keys", _BOUND),
    Row("checksum", ("crc32c", "xxh3"), "checksum:Checksum", "algorithm"),
    Row("cache", seconds, "cache:Cache", "max_age", options={"near": place, **_ROOM}, stored=False),
    Row("cache", "feed", "cache:Cache", "max_age", options=_ROOM, stored=False),
    Row("metrics", flag, "metrics:Metrics", stored=False),
    Row("budget", int, "budget:Budget", "requests", stored=False),
)
"""The layers that an address accepts, in their order."""

LISTED: Final = (
    *LAYERS,
    Row("escape", flag, "escape:Escape"),
    Row("prefix", str, "prefix:Prefix", "prefix", stored=False),
)
"""The layers that a list in a configuration file accepts, in any order in which they can work."""


def converters(rows: tuple[Row, ...]) -> dict[str, Converter]:
    """Return the converter of each parameter of ``rows``.

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
    """Return a converter that accepts ``word`` and everything that ``before`` accepts."""
    if isinstance(before, tuple):
        return (*before, word)
    return lambda text: word if text == word else before(text)
