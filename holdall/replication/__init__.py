"""Replication: one store follows another. `docs/explanation/replication.md` has the argument."""

from holdall.replication.backup import back_up, follow, restore
from holdall.replication.report import Report, Unsettled
from holdall.replication.revisions.conflicts import KeyConflict, Sibling, conflicts, find_conflict, settle
from holdall.replication.revisions.merge import Merged, merge_fields
from holdall.replication.sync import sync, sync_both

__all__ = [
    "KeyConflict",
    "Merged",
    "Report",
    "Sibling",
    "Unsettled",
    "back_up",
    "conflicts",
    "find_conflict",
    "follow",
    "merge_fields",
    "restore",
    "settle",
    "sync",
    "sync_both",
]
