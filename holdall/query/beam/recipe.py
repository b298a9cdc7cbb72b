"""A store as a pipeline carries it to its workers: by its address and options, without handles or secrets."""

from typing import Any

from holdall.errors import Unsupported
from holdall.query.packing import pack, unpack
from holdall.registry import open as open_store
from holdall.store import Feature, Store


class Recipe:
    """The address and options of ``store``, which is a store or its address.

    Raises Unsupported if other processes cannot open the store, or only with a secret that a pickle must not
    carry.
    """

    def __init__(self, store: Store[Any] | str) -> None:
        if isinstance(store, Store):
            self._named, self._packed = repr(store), _pack(store)
        else:
            with open_store(store) as opened:
                self._named, self._packed = repr(opened), _pack(opened)

    def open(self) -> Store[Any]:
        """Open the store in this process. The caller closes it."""
        opened: Store[Any] = unpack(self._packed)
        return opened

    def __repr__(self) -> str:
        return self._named


def _pack(store: Store[Any]) -> bytes:
    if Feature.SHARED not in store.features:
        raise Unsupported(
            f"{store!r} is private to this process, so the workers of a pipeline cannot open it; "
            "use a store that other processes can open, such as sqlite:///books.db or s3://bucket"
        )
    try:
        return pack(store)
    except Exception as problem:
        raise Unsupported(f"{store!r} cannot be sent to the workers of a pipeline: {problem}") from problem
