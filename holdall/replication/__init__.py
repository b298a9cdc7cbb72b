"""Replication: one store follows another. `docs/explanation/replication.md` has the argument."""

from holdall.replication.report import Report
from holdall.replication.sync import sync

__all__ = ["Report", "sync"]
