"""The differences between two documents, in lines for people."""

import json
from collections.abc import Iterator
from typing import Any

from holdall.extras import needs
from holdall.middleware.versions.diff import difference

with needs("versions"):
    from jsonpatch import apply_patch
    from jsonpointer import resolve_pointer


def diff_lines(key: str, old: Any, new: Any) -> Iterator[tuple[str, str]]:
    """Yield the differences between ``old`` and ``new`` as pairs of a sign and a text.

    The sign is "-" for a part that was removed, "+" for one that was added, and "~" for one that was changed.

    >>> list(diff_lines("a", {"total": "119.00", "paid": []}, {"total": "107.10"}))
    [('-', '/paid: []'), ('~', '/total: "119.00" → "107.10"')]
    """
    for change in difference(key, old, new):
        yield _diff_line(old, change)
        old = apply_patch(old, [change])


def _diff_line(document: Any, change: dict[str, Any]) -> tuple[str, str]:
    path = change["path"] or "/"
    match change["op"]:
        case "add":
            return "+", f"{path}: {_to_json(change['value'])}"
        case "remove":
            return "-", f"{path}: {_to_json(resolve_pointer(document, change['path']))}"
        case "replace":
            before = resolve_pointer(document, change["path"])
            return "~", f"{path}: {_to_json(before)} → {_to_json(change['value'])}"
        case other:
            return "~", f"{path}: {other} from {change['from']}"


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
