"""Patches of documents: merge patch (RFC 7396) and JSON patch (RFC 6902).

A patch applies to the JSON of a document, and the result is read as a PUT would be. Numbers keep their
digits on the way.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any, Final

from holdall.errors import Invalid, TooLarge
from holdall.extras import needs
from holdall.server.openapi import ANY, Schema, an_object, list_of
from holdall.server.operations import MOST
from holdall.server.representation import DocumentRepresentation

with needs("server"):
    import falcon
    import jsonpatch
    import msgspec

MERGE: Final = "application/merge-patch+json"
JSON: Final = "application/json-patch+json"
MEDIA_TYPES: Final = (MERGE, JSON)
"""The media types of patches."""

decode = msgspec.json.Decoder(float_hook=Decimal).decode
"""Read JSON as a plain document, in which numbers keep their digits."""
encode = msgspec.json.Encoder(decimal_format="number").encode
"""Write the plain document of `decode` as JSON."""

_pointer: Schema = {"type": "string", "pattern": "^(?:/(?:[^~/]|~[01])*)*$"}
_steps_schema = [
    {"op": {"enum": ["add", "replace", "test"]}, "value": ANY},
    {"op": {"const": "remove"}},
    {"op": {"enum": ["move", "copy"]}, "from": _pointer},
]
SCHEMA: Final[Schema] = {
    **list_of(
        {
            "oneOf": [
                {**an_object(path=_pointer, **each), "additionalProperties": True} for each in _steps_schema
            ]
        }
    ),
    "maxItems": MOST,
}
"""The schema of a JSON patch."""


def patch(
    representation: DocumentRepresentation, media_type: str, body: bytes, limit: int
) -> Callable[[Any], Any]:
    """Return the function that applies the patch in ``body`` to a document.

    The function raises HTTPConflict if the document does not have a part that a JSON patch names, Invalid if
    the result is not a valid document or is nested too deeply, and TooLarge if the patch copies more than
    ``limit`` bytes. Raises HTTPBadRequest if ``body`` is not a patch, and HTTPContentTooLarge if it has more
    than `MOST` operations.
    """
    said = _read(body)
    apply = partial(merge, patch=said) if media_type == MERGE else _json_patch(said, limit)

    def change(value: Any) -> Any:
        try:
            return representation.read(encode(apply(decode(representation.write(value)))))
        except RecursionError as error:
            raise Invalid("the patched document is nested too deeply") from error

    return change


def merge(document: Any, patch: Any) -> Any:
    """Return ``document`` with ``patch`` merged into it, as RFC 7396 defines it.

    >>> merge({"a": 1, "b": {"c": 2}}, {"a": None, "b": {"d": 3}})
    {'b': {'c': 2, 'd': 3}}
    """
    if not isinstance(patch, dict):
        return patch
    merged = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def _read(body: bytes) -> Any:
    try:
        return decode(body)
    except (ValueError, RecursionError):
        raise falcon.HTTPBadRequest(description="the patch is not valid JSON") from None


def _json_patch(operations: Any, limit: int) -> Callable[[Any], Any]:
    steps = _steps(operations)

    def apply(document: Any) -> Any:
        left = limit
        for step in steps:
            left -= _copied(step.patch[0], document)
            if left < 0:  # each copy can double a document
                raise TooLarge("the patch copies too much")
            try:
                document = step.apply(document, in_place=True)
            except jsonpatch.InvalidJsonPatch:
                raise _malformed() from None
            except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError) as error:
                raise falcon.HTTPConflict(
                    description="the document does not have a part that the patch names, or a test failed"
                ) from error
        return document

    return apply


def _steps(operations: Any) -> list[jsonpatch.JsonPatch]:
    """Return each operation as a patch of its own."""
    if not isinstance(operations, list):
        raise _malformed()
    if len(operations) > MOST:
        raise falcon.HTTPContentTooLarge(description=f"over {MOST:,} operations")
    try:
        for operation in operations:
            if operation["op"] in ("copy", "move"):  # jsonpatch checks "from" only when it applies the patch
                jsonpatch.JsonPointer(operation["from"])
        return [jsonpatch.JsonPatch([operation]) for operation in operations]
    except (
        jsonpatch.JsonPatchException,
        jsonpatch.JsonPointerException,
        TypeError,
        AttributeError,
        KeyError,
    ):
        raise _malformed() from None


def _malformed() -> falcon.HTTPBadRequest:
    return falcon.HTTPBadRequest(description="the patch is not a valid JSON patch")


def _copied(operation: dict[str, Any], document: Any) -> int:
    """Return the bytes of JSON that ``operation`` copies."""
    if operation["op"] != "copy":
        return 0
    try:
        return len(encode(jsonpatch.JsonPointer(operation["from"]).resolve(document)))
    except (jsonpatch.JsonPointerException, TypeError):
        return 0  # applying it reports the error
