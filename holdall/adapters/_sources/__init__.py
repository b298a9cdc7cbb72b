"""Stores of other libraries that holdall only reads, to move their data."""

from holdall.adapters._sources.source import Source

__all__ = ["Source"]
