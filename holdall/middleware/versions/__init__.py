"""Versions: every write keeps the value that it replaces; `docs/explanation/versions.md` has the argument."""

from holdall.middleware.versions.fsck import Problem
from holdall.middleware.versions.versions import Versions

__all__ = ["Problem", "Versions"]
