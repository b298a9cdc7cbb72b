"""``shove+file:///folder`` and the other stores of Shove: Shove's own address follows after ``shove+``."""

from holdall.adapters.shove.store import Shove

__all__ = ["Shove"]
