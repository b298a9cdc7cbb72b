"""The stores in tables of SQL servers. `holdall.adapters.sql.table` shows the table.

A module that imports `holdall.adapters.sql.store` names the extra that installs SQLAlchemy.
"""
