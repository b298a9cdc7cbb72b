"""Counts and times of the operations on a store."""

from holdall.middleware.metrics.layer import Metrics

__all__ = ["Metrics"]
