"""The difference between two documents."""

from typing import Any

from holdall.errors import Unsupported
from holdall.extras import needs

with needs("versions"):
    import jsonpatch
    import msgspec


def difference(key: str, old: Any, new: Any) -> list[dict[str, Any]]:
    """The JSON Patch (RFC 6902) from ``old`` to ``new``; typed documents are compared in their stored form.

    >>> difference("a", {"lines": [1, 2]}, {"lines": [1, 3]})
    [{'op': 'replace', 'path': '/lines/1', 'value': 3}]
    """
    if isinstance(old, bytes) or isinstance(new, bytes):
        raise Unsupported(f"the values of {key!r} are bytes; wrap the store in Json to compare them", key=key)
    patch = jsonpatch.make_patch(msgspec.to_builtins(old), msgspec.to_builtins(new))
    return list(patch)
