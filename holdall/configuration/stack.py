"""A stack of layers, named by an address or by a list of texts, which can be put on a store."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final, NamedTuple

from holdall.address import Address, format_parameter, suggest
from holdall.configuration.replicas import OpenReplica, Replicated, take_replicas
from holdall.configuration.table import LAYERS, LISTED, Row, converters
from holdall.errors import Invalid, InvalidAddress
from holdall.middleware.guard import Guard
from holdall.middleware.manifest import Manifest
from holdall.store import Store

MANIFEST: Final = ("check", "require", "off")
"""The values of ``manifest=``: compare the manifest if there is one, require one, or do not use one."""


Opened = Callable[[Address], Store[bytes] | None]
"""A function that opens a further store of a layer, besides the store below, or returns None for no store."""


class Chosen(NamedTuple):
    """A layer and the arguments of its constructor except the store."""

    row: Row
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Stack:
    """Layers, top first, and the treatment of the manifest in the store below them (see `MANIFEST`).

    >>> stack, below = Stack.of(Address.parse("memory://?compress=gzip&serializer=json"))
    >>> [chosen.row.word for chosen in stack.layers], below
    (['serializer=json', 'compress=gzip'], memory://)
    """

    layers: tuple[Chosen, ...] = ()
    manifest: str = "check"
    replicas: Replicated | None = None

    @classmethod
    def of(cls, address: Address) -> "tuple[Stack, Address]":
        """Return the stack that the parameters of ``address`` name, and the address of the store below it.

        Raises InvalidAddress if a parameter cannot be converted, or has no effect together with the others.
        """
        given = {name: address.params[name] for name in address.layered}
        replicas = take_replicas(address, given)
        given = _remaining(given)
        manifest = _manifest(address, given)
        if "type" in given:
            given.setdefault("serializer", "json")
        return cls(_choose(address, given, LAYERS), manifest, replicas), address.without(*address.layered)

    @classmethod
    def from_entries(cls, address: Address, entries: Iterable[Mapping[str, Any]]) -> "Stack":
        """Return the stack of ``entries``, each the parameters of a layer, as in ``compress=zstd&level=19``.

        The parameters in ``address`` override those of the listed layers. Of layers that are not listed, only
        `readonly` and replicas can be added.
        """
        given = {name: address.params[name] for name in address.layered}
        manifest, replicas = _manifest(address, given), take_replicas(address, given)
        layers = [chosen for entry in entries for chosen in _entry(address, entry, given)]
        if "readonly" in given:
            layers[:0] = _choose(address, {"readonly": given.pop("readonly")}, LAYERS)
        if given:
            names = ", ".join(given)
            raise InvalidAddress(
                f"{address.lead} its layers are listed, and {names} belongs to none of them; change the list"
            )
        return cls(_sound(address, layers), manifest, replicas)

    def of_replica(self) -> "Stack":
        """Return the stack of a replica whose address names no layers: the layers that decide its stored form."""
        kept = (each for each in self.layers if each.row.stored or each.row.parameter in _OF_VALUES)
        return replace(self, layers=tuple(kept), replicas=None)

    @property
    def serializer(self) -> str:
        """The serializer by its name in an address, or empty if values are bytes."""
        found = [chosen.row.value for chosen in self.layers if chosen.row.parameter == "serializer"]
        return str(found[0]) if found else ""

    @property
    def type(self) -> Any:
        """The declared type of documents, or Any if none is declared."""
        found = [
            chosen.arguments.get("type") for chosen in self.layers if chosen.row.parameter == "serializer"
        ]
        return found[0] if found and found[0] else Any

    @property
    def above(self) -> list[str]:
        """The parameters of the layers that see documents or keep a store from being written directly."""
        return [chosen.row.parameter for chosen in self.layers if chosen.row.parameter in _ABOVE]

    def on(
        self,
        store: Store[bytes],
        opened: Opened = lambda address: None,
        open_replica: OpenReplica = lambda address, plain: None,
    ) -> Store[Any]:
        """Return ``store`` with these layers on it.

        If the stored bytes depend on the layers, the manifest of ``store`` guards them. Without ``opened`` and
        ``open_replica``, no further store is used, so a cache is in memory and there are no replicas.
        """
        guarded = self.manifest != "off" and any(chosen.row.stored for chosen in self.layers)
        made: Store[Any] = store
        key = ""
        for place in range(len(self.layers), -1, -1):
            if guarded and place == self._above():
                made = Guard(made, self._label(key), **self._strictness)
            if self.replicas is not None and place == self._read_only:
                made = self.replicas.on(made, open_replica)
            if place:
                made = _put(self.layers[place - 1], made, opened)
                key = key or getattr(made, "current", "")
        return made

    @property
    def _read_only(self) -> int:
        """The number of layers above the replicas, which is 1 if the top layer refuses writes, and else 0."""
        return int(any(chosen.row.parameter == "readonly" for chosen in self.layers[:1]))

    @property
    def _strictness(self) -> dict[str, bool]:
        return {"required": True} if self.manifest == "require" else {}

    def _above(self) -> int:
        """Return the number of layers above the guard: up to the last one whose parameter is in `_ABOVE`."""
        places = [place for place, chosen in enumerate(self.layers, 1) if chosen.row.parameter in _ABOVE]
        return max(places, default=0)

    def _label(self, key: str) -> Manifest:
        words = (chosen.row.word for chosen in self.layers if chosen.row.stored)
        validators = (chosen for chosen in self.layers if chosen.row.parameter == "validate")
        schema = next((_name_of(chosen.arguments["schema"]) for chosen in validators), "")
        return Manifest(tuple(words), schema, key)


_OF_VALUES: Final = ("history", "validate", "serializer")
_ABOVE: Final = ("readonly", "history", "validate", "serializer")


def _manifest(address: Address, given: dict[str, Any]) -> str:
    """Remove the parameter ``manifest`` from ``given``, and return its value."""
    said = Address(address.scheme, address.host, params={"manifest": given.pop("manifest", "check")})
    found: str = said.options(manifest=MANIFEST)["manifest"]
    return found


def _choose(address: Address, given: Mapping[str, Any], rows: tuple[Row, ...]) -> tuple[Chosen, ...]:
    asked = Address(address.scheme, address.host, params=given).options(**converters(rows))
    found = [(row, row.arguments(asked)) for row in rows]
    layers = [Chosen(row, arguments) for row, arguments in found if arguments is not None]
    used = {row.parameter for row in rows} | {name for row, _ in layers for name in row.options}
    for name in asked:
        if name not in used:
            homes = ", ".join(row.word for row in rows if name in row.options)
            raise InvalidAddress(f"{address.lead} {name} has no effect here; it belongs to {homes}")
    return _sound(address, layers) if rows is LAYERS else tuple(layers)


_UNSOUND: Final = (
    ({"expires", "compress", "encrypt", "checksum", "cache"}, {"validate", "serializer"}, "takes bytes"),
    ({"serializer"}, {"validate", "serializer"}, "makes bytes of documents"),
    (
        {"cache"},
        {"expires", "compress", "encrypt", "checksum", "escape"},
        "keeps the bytes as the store keeps them",
    ),
)
"""Layers that cannot be above certain others, these others, and the reason."""


def _sound(address: Address, layers: Sequence[Chosen]) -> tuple[Chosen, ...]:
    """Return ``layers`` as a tuple, with their type.

    Raises InvalidAddress if there is a schema but no serializer, or if a layer cannot work in this order.
    """
    words = [chosen.row.parameter for chosen in layers]
    if "validate" in words and "serializer" not in words:
        raise InvalidAddress(f"{address.lead} validate checks documents; name a serializer, such as json")
    for above, below in combinations(words, 2):
        for uppers, lowers, why in _UNSOUND:
            if above in uppers and below in lowers:
                raise InvalidAddress(
                    f"{address.lead} {above} {why}, so {below} cannot be below it; move one of them"
                )
    return _declare_type(layers)


def _declare_type(layers: Sequence[Chosen]) -> tuple[Chosen, ...]:
    """Return ``layers``. If no type is declared, a serializer gets the ``document_type`` of the schema."""
    schemas = [chosen.arguments["schema"] for chosen in layers if chosen.row.parameter == "validate"]
    made = next((each.document_type for each in schemas if hasattr(each, "document_type")), None)
    return tuple(
        chosen._replace(arguments={"type": made, **chosen.arguments})
        if made and "type" in chosen.row.options
        else chosen
        for chosen in layers
    )


def _entry(address: Address, entry: Mapping[str, Any], given: dict[str, Any]) -> tuple[Chosen, ...]:
    """Return the layer that ``entry`` names.

    Parameters of this layer in ``given`` override those in ``entry``, and are removed from ``given``.
    """
    said = dict(entry)
    rows = [row for row in LISTED if row.parameter in said]
    if len({row.parameter for row in rows}) != 1:
        known = {row.parameter for row in LISTED}
        text = "&".join(f"{name}={format_parameter(name, value)}" for name, value in said.items())
        remedy = suggest(next(iter(said), text), known)
        raise InvalidAddress(f"{address.lead} {text!r} is not a layer; {remedy}")
    names = {rows[0].parameter} | {name for row in rows for name in row.options}
    said |= {name: given.pop(name) for name in names & given.keys()}
    return _choose(address, _remaining(said), LISTED)


def _remaining(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``given`` without the parameters that are None.

    If the parameter of a layer is None, the options of the layer are removed too.
    """
    gone = {name for name, value in given.items() if value is None}
    gone |= {option for row in LISTED if row.parameter in gone for option in row.options}
    return {name: value for name, value in given.items() if name not in gone}


def _put(chosen: Chosen, store: Store[Any], opened: Opened) -> Store[Any]:
    arguments = {name: _argument(name, value, opened) for name, value in chosen.arguments.items()}
    try:
        made: Store[Any] = chosen.row.load()(store, **arguments)
    except Invalid as error:
        raise InvalidAddress(f"{chosen.row.parameter}: {error}") from error
    return made


def _argument(name: str, value: Any, opened: Opened) -> Any:
    if not isinstance(value, Address):
        return value
    try:
        return opened(value)
    except InvalidAddress as error:
        raise InvalidAddress(f"{name}: {error}") from error


def _name_of(schema: object) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return f"{kind.__module__}:{kind.__qualname__}"
