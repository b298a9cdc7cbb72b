"""``shove+file:///folder`` and the other stores of Shove, each opened as Shove's own address says after ``shove+``."""

from holdall.adapters.shove.store import Shove

__all__ = ["Shove"]
