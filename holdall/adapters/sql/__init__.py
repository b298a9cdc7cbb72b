"""The common part of the stores in tables of SQL servers. `holdall.adapters.sql.table` shows the table.

A module that imports this package names the extra that installs SQLAlchemy.
"""

from holdall.adapters.sql.store import SQL

__all__ = ["SQL"]
