"""Rotation of an encrypting layer's keys: every value is sealed again with the key that writes."""

from collections.abc import Callable

from holdall.errors import Unsupported
from holdall.keys import RawKey
from holdall.middleware.encrypt import Encrypt
from holdall.store import Feature


def rekey(
    store: Encrypt, prefix: str = "", *, start: str = "", tell: Callable[[int], None] = lambda count: None
) -> int:
    """Seal every value under ``prefix`` with the current key, and return how many values were sealed.

    A value that an earlier holdall bound to its key alone is sealed again too, and is then bound to the
    store. Afterwards, open the store with ``bound=True``, or remove the old key, so that such values are no
    longer read.

    Each value is swapped, so a value that somebody else writes in the meantime is never lost. Raises
    Unsupported if the store lacks SWAP. After an interruption, run it again: it reads all values, and writes
    only those that still must be sealed; ``start`` skips the keys before it. ``tell`` is called with the
    number of values read so far, each time it grows.

    It reads each value whole, into memory, also a value that was written as a file.

    After it returns, these values no longer need an old key. If `scan_ids` still shows an old key, a process
    that does not have the new key yet wrote that value in the meantime. Older revisions that a layer below
    keeps stay sealed with their old keys.

    >>> import os
    >>> from holdall import Memory
    >>> from holdall.middleware.keyring import new_key
    >>> os.environ["KEYS"] = old = new_key("2026")
    >>> below = Memory()
    >>> Encrypt(below, "env:KEYS")["a"] = b"holdall"
    >>> os.environ["KEYS"] = new_key("2027") + " " + old
    >>> rekey(Encrypt(below, "env:KEYS")), list(Encrypt(below, "env:KEYS").scan_ids())
    (1, [('a', '2027')])
    """
    if Feature.SWAP not in store.features:
        raise Unsupported(f"{store!r} cannot be encrypted again while it is in use: it lacks SWAP")
    sealed = 0
    for count, (key, id, bound) in enumerate(store.scan_seals(prefix, start=start), 1):
        sealed += (id != store.current or not bound) and _seal(store, RawKey(key))
        tell(count)
    return sealed


def _seal(store: Encrypt, key: str) -> bool:
    try:
        store.reseal(key)
    except KeyError:  # deleted in the meantime
        return False
    return True
