"""Versions: every write keeps what it replaced. `docs/explanation/versions.md` argues why none is lost."""

from holdall.middleware.versions.fsck import Problem
from holdall.middleware.versions.versions import Versions

__all__ = ["Problem", "Versions"]
