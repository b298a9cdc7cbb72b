"""Replication: one store follows another. `docs/explanation/replication.md` has the argument."""

from holdall.replication.backup import back_up, follow, restore
from holdall.replication.replicas import (
    Lag,
    Promotion,
    Replicas,
    StaleRead,
    at_least,
    promote,
    replicas_of,
    stale_reads,
)
from holdall.replication.report import Report, Unsettled
from holdall.replication.revisions.conflicts import KeyConflict, Sibling, conflicts, find_conflict, settle
from holdall.replication.revisions.merge import Merged, merge_fields
from holdall.replication.sync import sync, sync_both

__all__ = [
    "KeyConflict",
    "Lag",
    "Merged",
    "Promotion",
    "Replicas",
    "Report",
    "Sibling",
    "StaleRead",
    "Unsettled",
    "at_least",
    "back_up",
    "conflicts",
    "find_conflict",
    "follow",
    "merge_fields",
    "promote",
    "replicas_of",
    "restore",
    "settle",
    "stale_reads",
    "sync",
    "sync_both",
]
