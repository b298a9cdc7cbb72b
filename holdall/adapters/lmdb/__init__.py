"""``lmdb:folder``: entries of an LMDB environment, drawn in `holdall.adapters.lmdb.environment`."""

from holdall.adapters.lmdb.store import LMDB

__all__ = ["LMDB"]
