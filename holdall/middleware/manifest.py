"""The manifest: the layers with which everything in a store was written, kept in the store itself."""

import json
from dataclasses import dataclass
from typing import Any, Final

from holdall.errors import Corrupt, Mismatch
from holdall.middleware._reserved import Called, Reserved
from holdall.store import ABSENT, Store

KEY: Final = ".holdall/manifest"
_FOLDER, _NAME = ".holdall/", "manifest"
FORMAT: Final = 1
RECORD: Final = "record the layers of the data with `holdall manifest --record`"
_LARGEST: Final = 1 << 16  # bytes
_ALONE = {"history": "history=on"}  # a layer whose parameter has only one value that is recorded


@dataclass(frozen=True, repr=False)
class Manifest:
    """The layers that determine the stored bytes, top first, as an address names them.

        manifest = JSON object: "format": 1, "layers": [ *layer ], "schema": text, "key": text
        layer    = parameter [ "=" word ]      ; as in "serializer=json", "encrypt"

    ``schema`` is the import path of the validation schema, as module:name. ``key`` is the id of the key that
    encrypted when the manifest was recorded; it tells people which keys a copy of the store needs. Nothing in
    a manifest is secret.

    >>> Manifest(("serializer=json", "encrypt"))
    Manifest(('serializer=json', 'encrypt'))
    >>> print(Manifest(("history", "serializer=json", "encrypt")))
    history=on&serializer=json&encrypt=...
    """

    layers: tuple[str, ...]
    schema: str = ""
    key: str = ""

    def dump(self) -> bytes:
        """The manifest as bytes, as they are stored."""
        return json.dumps({"format": FORMAT, **vars(self)}, indent=1).encode() + b"\n"

    @classmethod
    def load(cls, data: bytes) -> "Manifest":
        """The manifest that `dump` wrote.

        Raises Corrupt for any other bytes, and Mismatch if a later holdall wrote it.
        """
        try:
            read = json.loads(data if len(data) <= _LARGEST else b"")
            made = cls(tuple(read["layers"]), read["schema"], read["key"])
            if not all(isinstance(text, str) for text in (*made.layers, made.schema, made.key)):
                raise TypeError("it holds a value that is not text")
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise Corrupt(f"the store's manifest is damaged ({error}); {RECORD}") from error
        if read.get("format") != FORMAT:
            raise Mismatch("the store's manifest was written by a later version of holdall; upgrade holdall")
        return made

    def reads(self, other: "Manifest") -> bool:
        """Whether this stack can read values that were written with ``other``."""
        return self.layers == other.layers

    def writes(self, other: "Manifest") -> bool:
        """Whether this stack writes values in the way that ``other`` records."""
        return self.reads(other) and self.schema == other.schema

    def __repr__(self) -> str:
        said = {"schema": self.schema, "key": self.key}
        return "".join(
            [f"Manifest({self.layers!r}", *(f", {name}={text!r}" for name, text in said.items() if text), ")"]
        )

    def __str__(self) -> str:
        words = [word if "=" in word else _ALONE.get(word, f"{word}=...") for word in self.layers]
        return "&".join([*([f"validate={self.schema}"] if self.schema else []), *words]) or "no layers"


def read_manifest(store: Store[Any]) -> Manifest | None:
    """The manifest of ``store``; None if it has none. One request."""
    data = _beside(store).get(_NAME)
    return None if data is None else Manifest.load(data)


def record(store: Store[Any], manifest: Manifest) -> None:
    """Store ``manifest`` in ``store``, and replace the one that it has."""
    _beside(store)[_NAME] = manifest.dump()


def create(store: Store[Any], manifest: Manifest) -> None:
    """Store ``manifest`` in ``store``; raises Conflict if it has one. Needs SWAP."""
    _beside(store).swap(_NAME, manifest.dump(), ABSENT)


def forget(store: Store[Any]) -> None:
    """Delete the manifest of ``store``, if it has one."""
    _beside(store).discard(_NAME)


def _beside(store: Store[Any]) -> Store[bytes]:
    return Reserved(store, _FOLDER, lambda key: Called("the store's manifest"))
