"""Training of a Zstandard dictionary from the values that it will compress."""

from collections.abc import Iterator

from holdall.errors import Invalid
from holdall.extras import needs
from holdall.keys import RawKey
from holdall.middleware.zstd import dictionaries
from holdall.store import Store

with needs("zstd"):
    import zstandard


def train(store: Store[bytes], prefix: str = "", *, size: int = 1 << 14, samples: int = 5000) -> int:
    """Make a dictionary from the values of ``store``, keep it in the store, and return its id for `Zstd`.

    It reads up to ``samples`` values, spread evenly over the keys under ``prefix``. ``size`` is the largest
    size of the dictionary in bytes; the samples together should have about a hundred times as many bytes.
    Raises Invalid if the values are too few or too small. The dictionary contains pieces of the values in
    plain form, so protect it like the values. Equal samples give an equal dictionary. Older dictionaries stay
    in the store, because older values need them.

    >>> from holdall import Json, Memory, Zstd
    >>> store = Memory()
    >>> for n in range(500):
    ...     Zstd(store)[f"invoices/{n}"] = b'{"number": "%d", "currency": "EUR", "paid": false}' % n
    >>> plain = len(store.raw()["invoices/7"])
    >>> books = Zstd(store, dictionary=train(Zstd(store), size=1024))
    >>> books["invoices/7"] = books["invoices/7"]
    >>> len(store.raw()["invoices/7"]) < plain / 2
    True
    """
    values: list[bytes | bytearray | memoryview] = [value for _, value in _spread(store, prefix, samples)]
    try:
        dictionary = zstandard.train_dictionary(size, values)
    except zstandard.ZstdError as error:
        message = f"{len(values):,} values of {store!r} do not make a dictionary of {size:,} bytes: {error}"
        raise Invalid(f"{message}; give more values, or a smaller size") from error
    dictionaries(store)[str(dictionary.dict_id())] = dictionary.as_bytes()
    return dictionary.dict_id()


def _spread(store: Store[bytes], prefix: str, count: int) -> Iterator[tuple[str, bytes]]:
    keys = list(store.scan(prefix))
    step = -(-len(keys) // count) or 1
    return store.get_many(map(RawKey, keys[::step]))
