"""A backend of requests-cache, which keeps the responses of HTTP requests, over any store."""

from collections.abc import Iterable
from typing import Any

from holdall import registry
from holdall.extras import needs
from holdall.middleware.codec import Codec
from holdall.middleware.escape import Escape
from holdall.middleware.prefix import Prefix
from holdall.store import Store

with needs("requests-cache"):
    from requests_cache.backends.base import BaseCache, BaseStorage
    from requests_cache.serializers import SerializerType, json_serializer, utf8_encoder


class StoreCache(BaseCache):
    """A cache for ``CachedSession(backend=...)`` in ``store``, a store of bytes or its address.

    Responses are under ``requests-cache/responses/``, and redirects under ``requests-cache/redirects/``. Responses
    are JSON unless you give another ``serializer`` of requests-cache, whose result must be text or bytes. With
    "pickle", whoever can write to the store can run code in your program.

    An expired response stays in the store, because the server may confirm that it is still valid.
    ``delete(expired=True)`` deletes such responses. `close` closes the store.

    >>> from requests_cache import CachedSession
    >>> with CachedSession(backend=StoreCache("memory://")) as session:
    ...     session.cache.urls()
    []
    """

    def __init__(self, store: Store[bytes] | str, serializer: SerializerType = json_serializer) -> None:
        super().__init__("requests-cache")
        data = Prefix(store if isinstance(store, Store) else registry.open(store), self.cache_name)
        self.responses = _Storage(Prefix(data, "responses"), serializer)
        self.redirects = _Storage(Prefix(data, "redirects"), utf8_encoder)


class _Storage(Codec[Any, bytes], BaseStorage[str, Any]):
    """A mapping of requests-cache. It returns None for a value that its serializer cannot load."""

    def __init__(self, data: Store[bytes], serializer: SerializerType) -> None:
        Codec.__init__(self, Escape(data))
        BaseStorage.__init__(self, serializer)

    def encode(self, key: str, value: Any, /) -> bytes:
        data: bytes | str = self.serialize(value)
        return data.encode() if isinstance(data, str) else data

    def decode(self, key: str, data: bytes, /) -> Any:
        return self.deserialize(key, data)

    def bulk_delete(self, keys: Iterable[str]) -> None:
        self.delete_many(keys)

    get: Any = BaseStorage.get  # a test of requests-cache counts the calls of __getitem__
