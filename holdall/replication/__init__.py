"""Replication: one store follows another. `docs/explanation/replication.md` has the argument."""

from holdall.replication.backup import back_up, follow, restore
from holdall.replication.report import Report
from holdall.replication.sync import sync, sync_both

__all__ = ["Report", "back_up", "follow", "restore", "sync", "sync_both"]
