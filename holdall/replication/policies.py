"""The policies that settle a conflict, by name or as a function."""

from collections.abc import Callable
from typing import Any, Final, Literal, get_args

from holdall.errors import Invalid

Merge = Callable[[Any, Any, Any], Any]
"""Returns the value for both stores, or MISSING to delete the key.

Its arguments are the last common value, the value of the source and that of the target. The value of a store that
has deleted the key is MISSING. The last common value is MISSING if there is none, or if no history has it: always,
if one of the stores does not keep revisions. If more than two revisions are in conflict, the function merges the
first two, then the result and the next one.

It may return the `Merged` of `merge_fields`. If that has fields in conflict, the conflict is not settled: stores
that keep revisions keep all values as siblings, and with others both values stay as they are.
"""

Named = Literal["raise", "ours", "theirs", "newest", "keep"]
Policy = Named | Merge
"""How a conflict is settled: by the source's value, by the target's, by the one that was written later, or by a
function. With "raise", both values stay as they are; with "keep", both sides keep both as siblings."""

NAMES: Final = get_args(Named)


def require_policy(policy: Policy) -> None:
    """Raise Invalid if ``policy`` is neither a name of a policy nor a function."""
    if not callable(policy) and policy not in NAMES:
        raise Invalid(f"{policy!r} does not settle conflicts; give {', '.join(NAMES)}, or a function")
