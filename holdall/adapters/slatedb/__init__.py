"""``slatedb+s3://bucket/prefix``, ``slatedb+file:///folder``: databases of SlateDB."""

from holdall.adapters.slatedb.store import SlateDB

__all__ = ["SlateDB"]
