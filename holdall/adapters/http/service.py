"""The description of a store by its service, which the client asks for once in each process."""

from typing import Any

from holdall.adapters.http.link import Link
from holdall.adapters.http.values import VALUES, Values
from holdall.errors import Corrupt
from holdall.extras import needs
from holdall.store import Feature

with needs("http"):
    import msgspec


class Info(msgspec.Struct):
    """The answer to ``:info``; see `holdall.server.info`."""

    values: str
    media_type: str
    features: list[str]
    body: int
    page: int
    operations: int
    used: int | None = None
    free: int | None = None


class Service:
    """A store as its service describes it: how its values are sent, its features and limits."""

    def __init__(self, link: Link) -> None:
        answer = link.ask("GET", link.place.verb("info"))
        self.info = answer.decode(_decoder, link.place.url)
        if self.info.values not in VALUES or min(self.info.body, self.info.page, self.info.operations) < 1:
            raise Corrupt(
                f"the description of {link.place.url} is not one that this release knows; update it"
            )

    @property
    def values(self) -> Values:
        """How the values are sent in JSON."""
        return VALUES[self.info.values]

    @property
    def features(self) -> Feature:
        """The features of the store. Names that this release does not know are left out."""
        known: Any = Feature.__members__
        found = Feature.NONE
        for name in self.info.features:
            found |= known.get(name, Feature.NONE)
        return found


_decoder = msgspec.json.Decoder(Info)
