"""Everything that the author of a store or of a layer imports, in one place.

    from holdall.abc import Address, Span, Store, check_key, to_bytes

A store is a subclass of `Store` with four methods. A layer is a subclass of `Codec`, which changes values; of
`PassThrough`, which changes some operations; of `Interceptor`, which sees all operations; or of `Layer`, which
leaves all operations on values to the subclass. The errors here are those that a store or a layer raises.

An application does not need this module: it imports its names from `holdall`.
"""

from holdall.address import Address, Converter, flag
from holdall.batches import split_keys, split_pairs, split_transaction
from holdall.bell import Bell
from holdall.changes import Change, Changes, Position
from holdall.errors import (
    Conflict,
    Corrupt,
    Expired,
    Fenced,
    HoldallError,
    Invalid,
    InvalidAddress,
    InvalidPosition,
    Mismatch,
    NoRevision,
    PermissionDenied,
    Stale,
    StoreFull,
    StoreNotFound,
    Throttled,
    TooLarge,
    Unacknowledged,
    Unavailable,
    Unsupported,
)
from holdall.extras import needs
from holdall.handles import PerProcess, PerThread, delays_fork
from holdall.history import Note, Revision
from holdall.keys import Foreign, RawKey, Span, check_key, only_keys, to_name
from holdall.layer import Layer, Wrapper, layers
from holdall.middleware.codec import Codec
from holdall.middleware.interceptor import Interceptor as Interceptor
from holdall.middleware.passthrough import PassThrough
from holdall.ranges import ByteRange
from holdall.store import (
    ABSENT,
    MISSING,
    Delete,
    Expect,
    Feature,
    Missing,
    Operation,
    Put,
    Store,
    Tag,
    Tagged,
    conflict,
    key_of,
    to_bytes,
    unsupported,
)

__all__ = [
    "ABSENT",
    "MISSING",
    "Address",
    "Bell",
    "ByteRange",
    "Change",
    "Changes",
    "Codec",
    "Conflict",
    "Converter",
    "Corrupt",
    "Delete",
    "Expect",
    "Expired",
    "Feature",
    "Fenced",
    "Foreign",
    "HoldallError",
    "Interceptor",
    "Invalid",
    "InvalidAddress",
    "InvalidPosition",
    "Layer",
    "Mismatch",
    "Missing",
    "NoRevision",
    "Note",
    "Operation",
    "PassThrough",
    "PerProcess",
    "PerThread",
    "PermissionDenied",
    "Position",
    "Put",
    "RawKey",
    "Revision",
    "Span",
    "Stale",
    "Store",
    "StoreFull",
    "StoreNotFound",
    "Tag",
    "Tagged",
    "Throttled",
    "TooLarge",
    "Unacknowledged",
    "Unavailable",
    "Unsupported",
    "Wrapper",
    "check_key",
    "conflict",
    "delays_fork",
    "flag",
    "key_of",
    "layers",
    "needs",
    "only_keys",
    "split_keys",
    "split_pairs",
    "split_transaction",
    "to_bytes",
    "to_name",
    "unsupported",
]
