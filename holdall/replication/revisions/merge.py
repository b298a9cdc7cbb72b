"""`merge_fields`, the three-way merge of two documents, field by field."""

from typing import Any, NamedTuple

from holdall.replication.side import is_same
from holdall.store import MISSING, Missing


class Merged(NamedTuple):
    """The merged ``value``, MISSING if the document is deleted, and the JSON Pointers of fields in conflict.

    Of such a field, ``value`` has the first document's value. The pointer of the whole document is "".
    """

    value: Any | Missing
    conflicts: list[str]


def merge_fields(base: Any | Missing, ours: Any | Missing, theirs: Any | Missing) -> Merged:
    """Merge two documents that both come from ``base``; MISSING stands for a document that does not exist.

    A field that only one of the documents changed gets the value of that document. Objects are merged field by
    field; a list or another value is one field. A field that both changed to different values is in conflict. Bytes
    that are JSON are merged as documents, and the result is bytes too.

    >>> base = {"customer": "Ada", "total": "119.00", "paid": False}
    >>> ours = {"customer": "Ada", "total": "107.10", "paid": False}
    >>> merge_fields(base, ours, {"customer": "Ada Ltd", "total": "119.00"})
    Merged(value={'customer': 'Ada Ltd', 'total': '107.10'}, conflicts=[])
    >>> merge_fields(base, ours, {**base, "total": "100.00"})
    Merged(value={'customer': 'Ada', 'total': '107.10', 'paid': False}, conflicts=['/total'])
    """
    conflicts: list[str] = []
    if isinstance(ours, bytes) and isinstance(theirs, bytes):
        return Merged(_merge_bytes(base, ours, theirs, conflicts), conflicts)
    return Merged(_merge(base, ours, theirs, "", conflicts), conflicts)


def _merge_bytes(base: Any, ours: bytes, theirs: bytes, conflicts: list[str]) -> bytes:
    """Merge JSON documents. If the result is one of them, it keeps its form."""
    from holdall.replication.revisions.documents import dump, parse  # imported late: it needs an extra

    ours_read, theirs_read = parse(ours), parse(theirs)
    merged = _merge(parse(base), ours_read, theirs_read, "", conflicts)
    return ours if merged is ours_read else theirs if merged is theirs_read else dump(merged)


def _merge(base: Any, ours: Any, theirs: Any, path: str, conflicts: list[str]) -> Any:
    if is_same(ours, theirs) or is_same(theirs, base):
        return ours
    if is_same(ours, base):
        return theirs
    if not (isinstance(ours, dict) and isinstance(theirs, dict)):
        conflicts.append(path)
        return ours
    before = base if isinstance(base, dict) else {}
    merged = {}
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        was, our, their = (each.get(name, MISSING) for each in (before, ours, theirs))
        value = _merge(was, our, their, f"{path}/{_escape(name)}", conflicts)
        if value is not MISSING:
            merged[name] = value
    return merged


def _escape(name: Any) -> str:
    """Return the name of a field as a JSON Pointer (RFC 6901) has it."""
    return str(name).replace("~", "~0").replace("/", "~1")
