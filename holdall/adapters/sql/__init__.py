"""What the stores in tables of SQL servers have in common; the table is drawn in `holdall.adapters.sql.table`.

Whoever imports this says which extra brings SQLAlchemy.
"""

from holdall.adapters.sql.store import SQL

__all__ = ["SQL"]
