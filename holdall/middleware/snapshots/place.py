"""How far a consumer of a snapshot feed has come, and the text of its position.

position = "new.0"                              nothing was told yet
         / origin "." look                      all changes up to this look were told
         / origin "." since "." look 1*( "." part )    up to ``look`` for the keys up to one key, and up to
                                                ``since`` (0: nothing) for the keys after it
part     = a part of the key
"""

from typing import NamedTuple, Self

from holdall.changes import NEW, Position, expired, pack_key, unpack_key
from holdall.errors import InvalidPosition
from holdall.middleware.snapshots.blocks import DELETIONS, LOOKS, Manifest


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
        position = Position(NEW, (0,)) if text is None else Position.parse(text)
        if position.origin == NEW:
            return cls(NEW, 0, 0, "")
        since, *rest = position.numbers
        look, *parts = rest or [since]
        try:
            return cls(position.origin, since, look, unpack_key(parts))
        except InvalidPosition:
            return cls("", 0, 0, "")

    def __str__(self) -> str:
        return self.at(self.key) if self.key else str(Position(self.origin, (self.look,)))

    def at(self, key: str) -> str:
        """Return the position of this place, but with ``key`` as its key."""
        return str(Position(self.origin, (self.since, self.look, *pack_key(key))))

    def check(self, store: object, manifest: Manifest) -> None:
        """Raise Expired if the feed of ``store`` cannot go on from here."""
        if self.origin == NEW:
            return
        if self.origin != manifest.origin:
            raise expired(store, "it is of another store, or its remembered listing was deleted")
        if not {self.since, self.look} <= {0, *(look for look, _ in manifest.looks)}:
            raise expired(
                store,
                f"it is older than {LOOKS:,} looks or {DELETIONS:,} deletions, or the remembered listing was "
                "restored from a backup",
            )
