"""A change feed for stores without one: it compares the listing of now with a remembered listing."""

from holdall.middleware.snapshots.layer import SnapshotFeed

__all__ = ["SnapshotFeed"]
