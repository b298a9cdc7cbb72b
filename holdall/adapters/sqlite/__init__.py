"""``sqlite:///path``: rows of an SQLite database, drawn in `holdall.adapters.sqlite.schema`."""

from holdall.adapters.sqlite.store import SQLite

__all__ = ["SQLite"]
