"""The records of replicas, under reserved keys.

    key     = ".holdall/replicas/" ( "mark" / "epoch" / "resync/" id / "outbox/" name )
    id      = 32HEXDIG    digest of the name of a replica, and of the number of replicas before it with this name
    name    = 32HEXDIG    random

Each record is a JSON object. The modules of the records have their grammars.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from holdall.errors import Corrupt
from holdall.keys import RESERVED
from holdall.middleware._reserved import Called, Reserved
from holdall.store import Store

FOLDER: Final = f"{RESERVED}/replicas/"
_CALLED: Final = Called("the records of replicas")


def records(store: Store[Any], part: str = "") -> Store[bytes]:
    """Return the records in ``store`` whose names begin with ``part``."""
    return Reserved(store, FOLDER + part, lambda key: _CALLED)


def ids_of(stores: Iterable[Store[Any]]) -> Iterator[str]:
    """Yield the id of each of the replicas ``stores``."""
    before: Counter[str] = Counter()
    for name in map(repr, stores):
        yield hashlib.blake2b(json.dumps([name, before[name]]).encode(), digest_size=16).hexdigest()
        before[name] += 1


def dump(**fields: Any) -> bytes:
    """Return a record."""
    return json.dumps(fields).encode()


def load(store: Store[Any], name: str, data: bytes) -> dict[str, Any]:
    """Return the fields of the record ``data``. Raises Corrupt if it is not a JSON object."""
    try:
        read = json.loads(data)
        if isinstance(read, dict):
            return read
    except (ValueError, RecursionError):
        pass
    raise damaged(store, name)


def damaged(store: Store[Any], name: str) -> Corrupt:
    """Return the error about the record ``name`` in ``store``."""
    return Corrupt(
        f"the record {FOLDER + name} of {store!r} is damaged; delete it with "
        "`holdall rm --raw`, and run `holdall sync --full` to compare all values"
    )
