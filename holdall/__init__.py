"""holdall: one dict over any store.

    >>> import holdall
    >>> store = holdall.open("memory://")
    >>> store["greeting"] = b"hello"
    >>> dict(store)
    {'greeting': b'hello'}

`open` gives the store at an address; layers such as `Json` wrap it; `holdall.store` is the contract.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from holdall.errors import (
    Conflict,
    Corrupt,
    HoldallError,
    Invalid,
    InvalidAddress,
    InvalidKey,
    InvalidQuery,
    Mismatch,
    MissingExtra,
    NoRevision,
    PermissionDenied,
    QueryFailed,
    StoreFull,
    StoreNotFound,
    Throttled,
    TooLarge,
    Unavailable,
    Unsupported,
)
from holdall.history import Note, Revision, note
from holdall.store import ABSENT, Change, Delete, Expect, Feature, Put, Store, Tag, Tagged

if TYPE_CHECKING:
    from holdall.adapters.file import File
    from holdall.adapters.memory import Memory
    from holdall.adapters.sqlite import SQLite
    from holdall.middleware.codec import Codec
    from holdall.middleware.json import Json
    from holdall.middleware.msgpack import MessagePack
    from holdall.middleware.passthrough import PassThrough
    from holdall.middleware.pickle import Pickle
    from holdall.middleware.prefix import Prefix
    from holdall.middleware.readonly import ReadOnly
    from holdall.middleware.text import Text
    from holdall.middleware.validate import Validate
    from holdall.middleware.versions import Versions
    from holdall.middleware.xml import Xml
    from holdall.middleware.yaml import Yaml
    from holdall.query import MapReduce
    from holdall.registry import open

__version__ = "0.1.0"

# Imported when first asked for, so that `import holdall` stays light and needs no extra.
_lazy = {
    "Codec": "holdall.middleware.codec",
    "File": "holdall.adapters.file",
    "Json": "holdall.middleware.json",
    "MapReduce": "holdall.query",
    "Memory": "holdall.adapters.memory",
    "MessagePack": "holdall.middleware.msgpack",
    "PassThrough": "holdall.middleware.passthrough",
    "Pickle": "holdall.middleware.pickle",
    "Prefix": "holdall.middleware.prefix",
    "ReadOnly": "holdall.middleware.readonly",
    "SQLite": "holdall.adapters.sqlite",
    "Text": "holdall.middleware.text",
    "Validate": "holdall.middleware.validate",
    "Versions": "holdall.middleware.versions",
    "Xml": "holdall.middleware.xml",
    "Yaml": "holdall.middleware.yaml",
    "open": "holdall.registry",
}

__all__ = [
    "ABSENT",
    "Change",
    "Codec",
    "Conflict",
    "Corrupt",
    "Delete",
    "Expect",
    "Feature",
    "File",
    "HoldallError",
    "Invalid",
    "InvalidAddress",
    "InvalidKey",
    "InvalidQuery",
    "Json",
    "MapReduce",
    "Memory",
    "MessagePack",
    "Mismatch",
    "MissingExtra",
    "NoRevision",
    "Note",
    "PassThrough",
    "PermissionDenied",
    "Pickle",
    "Prefix",
    "Put",
    "QueryFailed",
    "ReadOnly",
    "Revision",
    "SQLite",
    "Store",
    "StoreFull",
    "StoreNotFound",
    "Tag",
    "Tagged",
    "Text",
    "Throttled",
    "TooLarge",
    "Unavailable",
    "Unsupported",
    "Validate",
    "Versions",
    "Xml",
    "Yaml",
    "note",
    "open",
]


def __getattr__(name: str) -> Any:
    if name not in _lazy:
        raise AttributeError(f"module 'holdall' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_lazy[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
