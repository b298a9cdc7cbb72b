"""The requests about the objects of one bucket, and the choice of the way in which they are sent."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from holdall.adapters._objectstore.names import NameRange
from holdall.adapters.gcs.listing import Page


class Stat(NamedTuple):
    """An object without its body. The generation is None if the answer has none."""

    generation: object
    size: int
    metadata: Mapping[str, str]


class Calls(Protocol):
    """One request per method, which the client's ``retry`` repeats. They raise the client's errors.

    ``name`` is the name of an object. An empty ``generation`` means the newest one.
    """

    def stat(self, name: str, generation: str, retry: Any) -> Stat:
        """The object without its body."""
        ...

    def upload(
        self, name: str, value: bytes, match: int | None, properties: Mapping[str, Any], retry: Any
    ) -> object:
        """Write ``value``, and return its generation. ``properties`` have the names of the client's attributes.

        If ``match`` is given, the object must have this generation; 0 means that it must be missing.
        """
        ...

    def delete(self, name: str, match: int | None, retry: Any) -> None:
        """Delete the object. ``match`` is as in `upload`."""
        ...

    def page(self, names: NameRange, token: str | None, size: int, retry: Any) -> Page:
        """One page of up to ``size`` names: that with the given ``token``, or the first page for None."""
        ...
