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
from holdall.replication.report import Report
from holdall.replication.revisions.conflicts import KeyConflict, Sibling, conflicts, settle
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
    "at_least",
    "back_up",
    "conflicts",
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
