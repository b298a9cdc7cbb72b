"""holdall: one dict over any store.

    >>> import holdall
    >>> store = holdall.open("memory://")
    >>> store["greeting"] = b"hello"
    >>> dict(store)
    {'greeting': b'hello'}

`open` returns the store at an address, and layers such as `Json` wrap a store. The contract of every store is
in `holdall.store`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from holdall.changes import Change, Changes
from holdall.errors import (
    Conflict,
    Corrupt,
    Expired,
    Fenced,
    HoldallError,
    Invalid,
    InvalidAddress,
    InvalidKey,
    InvalidPosition,
    InvalidQuery,
    Mismatch,
    MissingExtra,
    NoRevision,
    OverBudget,
    PermissionDenied,
    QueryFailed,
    Stale,
    StoreFull,
    StoreNotFound,
    Throttled,
    TooLarge,
    Unacknowledged,
    Unavailable,
    Unsupported,
)
from holdall.extras import at_hand
from holdall.history import Note, Revision, note
from holdall.store import ABSENT, Delete, Expect, Feature, Operation, Put, Store, Tag, Tagged

if TYPE_CHECKING:
    from holdall.adapters.dbm import DBM
    from holdall.adapters.dynamodb import DynamoDB
    from holdall.adapters.file import File
    from holdall.adapters.fsspec import Fsspec
    from holdall.adapters.gcs import GCS
    from holdall.adapters.http import HTTP
    from holdall.adapters.lmdb import LMDB
    from holdall.adapters.memory import Memory
    from holdall.adapters.redis import Redis
    from holdall.adapters.s3 import S3
    from holdall.adapters.sql.mysql import MySQL
    from holdall.adapters.sql.postgresql import PostgreSQL
    from holdall.adapters.sqlite import SQLite
    from holdall.layer import Layer
    from holdall.lease import Lease
    from holdall.middleware.budget import Budget
    from holdall.middleware.cache import Cache
    from holdall.middleware.checksum import Checksum
    from holdall.middleware.codec import Codec
    from holdall.middleware.encrypt import Encrypt
    from holdall.middleware.escape import Escape
    from holdall.middleware.expires import Expires
    from holdall.middleware.gzip import Gzip
    from holdall.middleware.json import Json
    from holdall.middleware.lzma import Lzma
    from holdall.middleware.metrics import Metrics
    from holdall.middleware.msgpack import MessagePack
    from holdall.middleware.passthrough import PassThrough
    from holdall.middleware.pickle import Pickle
    from holdall.middleware.prefix import Prefix
    from holdall.middleware.readonly import ReadOnly
    from holdall.middleware.snapshots import SnapshotFeed
    from holdall.middleware.text import Text
    from holdall.middleware.validate import Validate
    from holdall.middleware.versions import Versions
    from holdall.middleware.xml import Xml
    from holdall.middleware.yaml import Yaml
    from holdall.middleware.zstd import Zstd
    from holdall.query import MapReduce
    from holdall.registry import open as open
    from holdall.replication import sync as sync
    from holdall.replication.replicas import Replicas

__version__ = "0.1.0"

# Each module is imported at the first use of its name: `import holdall` stays fast and needs no extra.
_lazy = {
    "DBM": "holdall.adapters.dbm",
    "Budget": "holdall.middleware.budget",
    "Cache": "holdall.middleware.cache",
    "Checksum": "holdall.middleware.checksum",
    "Codec": "holdall.middleware.codec",
    "DynamoDB": "holdall.adapters.dynamodb",
    "Encrypt": "holdall.middleware.encrypt",
    "Escape": "holdall.middleware.escape",
    "Expires": "holdall.middleware.expires",
    "File": "holdall.adapters.file",
    "Fsspec": "holdall.adapters.fsspec",
    "GCS": "holdall.adapters.gcs",
    "HTTP": "holdall.adapters.http",
    "Gzip": "holdall.middleware.gzip",
    "Json": "holdall.middleware.json",
    "Layer": "holdall.layer",
    "Lease": "holdall.lease",
    "LMDB": "holdall.adapters.lmdb",
    "Lzma": "holdall.middleware.lzma",
    "MapReduce": "holdall.query",
    "Memory": "holdall.adapters.memory",
    "MessagePack": "holdall.middleware.msgpack",
    "Metrics": "holdall.middleware.metrics",
    "MySQL": "holdall.adapters.sql.mysql",
    "PassThrough": "holdall.middleware.passthrough",
    "Pickle": "holdall.middleware.pickle",
    "PostgreSQL": "holdall.adapters.sql.postgresql",
    "Prefix": "holdall.middleware.prefix",
    "ReadOnly": "holdall.middleware.readonly",
    "SnapshotFeed": "holdall.middleware.snapshots",
    "Redis": "holdall.adapters.redis",
    "Replicas": "holdall.replication.replicas",
    "S3": "holdall.adapters.s3",
    "SQLite": "holdall.adapters.sqlite",
    "Text": "holdall.middleware.text",
    "Validate": "holdall.middleware.validate",
    "Versions": "holdall.middleware.versions",
    "Xml": "holdall.middleware.xml",
    "Yaml": "holdall.middleware.yaml",
    "Zstd": "holdall.middleware.zstd",
    "open": "holdall.registry",
    "sync": "holdall.replication",
}

__all__ = [
    "ABSENT",
    "DBM",
    "GCS",
    "HTTP",
    "LMDB",
    "S3",
    "Budget",
    "Cache",
    "Change",
    "Changes",
    "Checksum",
    "Codec",
    "Conflict",
    "Corrupt",
    "Delete",
    "DynamoDB",
    "Encrypt",
    "Escape",
    "Expect",
    "Expired",
    "Expires",
    "Feature",
    "Fenced",
    "File",
    "Fsspec",
    "Gzip",
    "HoldallError",
    "Invalid",
    "InvalidAddress",
    "InvalidKey",
    "InvalidPosition",
    "InvalidQuery",
    "Json",
    "Layer",
    "Lease",
    "Lzma",
    "MapReduce",
    "Memory",
    "MessagePack",
    "Metrics",
    "Mismatch",
    "MissingExtra",
    "MySQL",
    "NoRevision",
    "Note",
    "Operation",
    "OverBudget",
    "PassThrough",
    "PermissionDenied",
    "Pickle",
    "PostgreSQL",
    "Prefix",
    "Put",
    "QueryFailed",
    "ReadOnly",
    "Redis",
    "Replicas",
    "Revision",
    "SQLite",
    "SnapshotFeed",
    "Stale",
    "Store",
    "StoreFull",
    "StoreNotFound",
    "Tag",
    "Tagged",
    "Text",
    "Throttled",
    "TooLarge",
    "Unacknowledged",
    "Unavailable",
    "Unsupported",
    "Validate",
    "Versions",
    "Xml",
    "Yaml",
    "Zstd",
    "note",
    "sync",
]

_public = [*__all__, "open"]

if not TYPE_CHECKING:
    # Without `__all__`, `from holdall import *` asks `__getattr__` for the list, which then has no name whose
    # extra is missing. With `__all__`, such a name would raise MissingExtra. `open` is left out, because it
    # would hide the builtin.
    del __all__


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return at_hand(__name__, [each for each in _public if each != "open"])
    if name not in _lazy:
        raise AttributeError(f"module 'holdall' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_lazy[name]), name)
    return value


def __dir__() -> list[str]:
    return at_hand(__name__, _public)
