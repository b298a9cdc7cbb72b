"""Reads a value for a page."""

from typing import Any

from holdall.extras import needs
from holdall.server.stores import Served
from holdall.store import ABSENT, Feature, Tagged

with needs("server"):
    import falcon


def read_tagged(served: Served, key: str) -> Tagged[Any]:
    """Return the value of ``key`` and its tag, which is ABSENT if the store has no tags.

    Raises HTTPNotFound if the key does not exist.
    """
    try:
        if Feature.TAGS in served.store.features:
            return served.store.get_tagged(key)
        return Tagged(served.store[key], ABSENT)
    except KeyError:
        raise falcon.HTTPNotFound(description="the key does not exist") from None
