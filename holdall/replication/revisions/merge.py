"""`merge_fields`, the three-way merge of two documents, field by field."""

from typing import Any, NamedTuple

from holdall.errors import Invalid
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
    field; a list or another value is one field. A field that both changed to different values is in conflict.
    Raises Invalid if the values are bytes.

    >>> base = {"customer": "Ada", "total": "119.00", "paid": False}
    >>> ours = {"customer": "Ada", "total": "107.10", "paid": False}
    >>> merge_fields(base, ours, {"customer": "Ada Ltd", "total": "119.00"})
    Merged(value={'customer': 'Ada Ltd', 'total': '107.10'}, conflicts=[])
    >>> merge_fields(base, ours, {**base, "total": "100.00"})
    Merged(value={'customer': 'Ada', 'total': '107.10', 'paid': False}, conflicts=['/total'])
    """
    if isinstance(ours, bytes) or isinstance(theirs, bytes):
        raise Invalid(
            "the values are bytes, and only fields of documents can be merged; open both stores with a serializer, "
            "such as Json (serializer=json in an address)"
        )
    conflicts: list[str] = []
    return Merged(_merge(base, ours, theirs, "", conflicts), conflicts)


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
