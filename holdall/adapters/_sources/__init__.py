"""Stores of other libraries that holdall only reads, to move their data."""

from holdall.adapters._sources.listed import Listed
from holdall.adapters._sources.ordered import Ordered
from holdall.adapters._sources.source import Source

__all__ = ["Listed", "Ordered", "Source"]
