"""Rotation of an encrypting layer's keys: every value sealed anew with the key that writes."""

from collections.abc import Callable

from holdall.errors import Unsupported
from holdall.keys import RawKey
from holdall.middleware.encrypt import Encrypt
from holdall.store import Feature


def rekey(
    store: Encrypt, prefix: str = "", *, start: str = "", tell: Callable[[int], None] = lambda count: None
) -> int:
    """Seal every value under ``prefix`` with the current key, and return how many it had to seal.

    A value that is bound to its key alone, as holdall once sealed, is sealed again too, and is then bound to
    the store. Open the store with ``bound=True``, or take the old key away, so that no such value is read
    any more.

    Each value is swapped, so what others write meanwhile is never lost; without SWAP it is Unsupported.
    After an interruption, run it again: it reads all values, and writes those that still are to be
    sealed; ``start`` skips what is before it. ``tell`` is given the count of values looked at, as it grows.

    When it returns, an old key is needed no more for these values. One that `scan_ids` still shows was
    written meanwhile by a process that does not have the new key yet. Older revisions that a layer below
    keeps stay sealed as they were.

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
        raise Unsupported(f"{store!r} cannot be sealed anew while it is in use: it lacks SWAP")
    sealed = 0
    for count, (key, id, bound) in enumerate(store.scan_seals(prefix, start=start), 1):
        sealed += (id != store.current or not bound) and _seal(store, RawKey(key))
        tell(count)
    return sealed


def _seal(store: Encrypt, key: str) -> bool:
    try:
        store.reseal(key)
    except KeyError:  # deleted meanwhile
        return False
    return True
