"""How far a consumer of a snapshot feed has come, and the text of its position.

position = "new.0"                              nothing was told yet
         / origin "." look                      all changes up to this look were told
         / origin "." since "." look 1*( "." part )    up to ``look`` for the keys up to one key, and up to
                                                ``since`` (0: nothing) for the keys after it
part     = the number that the bytes %x01 and up to 7 bytes of the key make
"""

from typing import NamedTuple, Self

from holdall.changes import Position, expired
from holdall.middleware.snapshots.blocks import DELETIONS, LOOKS, Manifest

_NEW = "new"
_BYTES = 7  # of a key in one part


class Place(NamedTuple):
    """All changes were told up to ``look`` for the keys up to ``key``, and up to ``since`` for the others."""

    origin: str
    since: int
    look: int
    key: str

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """Return the place of this position; None is the beginning. Raises InvalidPosition.

        The position of another feed may have any numbers; `check` refuses it.
        """
        origin, numbers = (_NEW, (0,)) if text is None else Position.parse(text)
        if origin == _NEW or len(numbers) < 3:
            return cls(origin, numbers[-1], numbers[-1], "")
        since, look, *parts = numbers
        key = b"".join(part.to_bytes(9).lstrip(b"\0")[1:] for part in parts)
        try:
            return cls(origin, since, look, key.decode(errors="surrogatepass"))
        except UnicodeDecodeError:
            return cls("", 0, 0, "")

    def __str__(self) -> str:
        return self.at(self.key) if self.key else str(Position(self.origin, (self.look,)))

    def at(self, key: str) -> str:
        """Return the position of this place, but with ``key`` as its key."""
        data = key.encode(errors="surrogatepass")
        parts = [b"\1" + data[low : low + _BYTES] for low in range(0, len(data), _BYTES)]
        return ".".join([self.origin, *map(str, (self.since, self.look, *map(int.from_bytes, parts)))])

    def check(self, store: object, manifest: Manifest) -> None:
        """Raise Expired if the feed of ``store`` cannot go on from here."""
        if self.origin == _NEW:
            return
        if self.origin != manifest.origin:
            raise expired(store, "it is of another store, or its remembered listing was deleted")
        if not {self.since, self.look} <= {0, *(look for look, _ in manifest.looks)}:
            raise expired(
                store,
                f"it is older than {LOOKS:,} looks or {DELETIONS:,} deletions, or the remembered listing was "
                "restored from a backup",
            )
