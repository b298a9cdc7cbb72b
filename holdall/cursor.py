"""The progress of a transfer, stored in its destination. After a kill, only the last batches are repeated."""

import hashlib
import json
from typing import Any

from holdall.errors import Corrupt
from holdall.middleware._reserved import Called, Reserved
from holdall.store import Store

FOLDER = ".holdall/transfer/"


class Cursor:
    """The last key of ``here`` under ``prefix`` up to which all keys were moved to ``there``.

        key   = ".holdall/transfer/" 32HEXDIG     ; of the address of ``here``, as it is shown, and prefix
        value = JSON object: "after": key, "count": number    ; of keys moved so far

    >>> from holdall import Memory
    >>> here, there = Memory("a"), Memory()
    >>> Cursor(here, there, "").set("invoices/17", 200)
    >>> Cursor(here, there, "").get(), Cursor(here, there, "invoices/").get()
    (('invoices/17', 200), ('', 0))
    """

    def __init__(self, here: Store[Any], there: Store[Any], prefix: str) -> None:
        self._raw = Reserved(there, FOLDER, lambda key: Called("the record of the transfer"))
        said = json.dumps([repr(here), prefix]).encode()
        self._key = hashlib.blake2b(said, digest_size=16).hexdigest()

    def get(self) -> tuple[str, int]:
        """Return the last moved key and the number of moved keys; empty and 0 if nothing was interrupted."""
        data = self._raw.get(self._key)
        if data is None:
            return "", 0
        try:
            said = json.loads(data)
            return str(said["after"]), int(said["count"])
        except (ValueError, TypeError, KeyError) as error:
            raise Corrupt(
                f"the record of the transfer does not say how far it came ({error}); restart the transfer"
            ) from error

    def set(self, key: str, count: int) -> None:
        """Record that every key up to ``key`` was moved, ``count`` keys in total."""
        self._raw[self._key] = json.dumps({"after": key, "count": count}).encode()

    def clear(self) -> None:
        """Delete the record, because every key was moved."""
        self._raw.discard(self._key)
