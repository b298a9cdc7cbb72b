"""The operations of a batch or a transaction, as their JSON says them.

    {"operations": [{"op": "get", "key": …}, {"op": "put", "key": …, "value": …}, {"op": "delete", "key": …},
                    {"op": "expect", "key": …, "tag": …}]}

``tag`` is the text in the quotes of an ETag, or null for a key that must be missing.
"""

from typing import Annotated, Any, Final

from holdall.extras import needs
from holdall.server.bodies import read_json
from holdall.server.openapi import ANY, KEY, Schema, an_object, list_of, nullable

with needs("server"):
    import falcon
    import msgspec

MOST: Final = 10_000
"""The most operations of a request."""


class Get(msgspec.Struct, tag_field="op", tag="get", forbid_unknown_fields=True):
    """Reads ``key``."""

    key: str


class Put(msgspec.Struct, tag_field="op", tag="put", forbid_unknown_fields=True):
    """Writes ``value``, a part of the JSON text, under ``key``."""

    key: str
    value: msgspec.Raw


class Delete(msgspec.Struct, tag_field="op", tag="delete", forbid_unknown_fields=True):
    """Deletes ``key`` if it exists."""

    key: str


class Expect(msgspec.Struct, tag_field="op", tag="expect", forbid_unknown_fields=True):
    """Requires that ``key`` has ``tag``, or is missing if it is None."""

    key: str
    tag: Annotated[str, msgspec.Meta(min_length=1)] | None


class _Batch(msgspec.Struct, forbid_unknown_fields=True):
    operations: list[Get | Put | Delete]


class _Transaction(msgspec.Struct, forbid_unknown_fields=True):
    operations: list[Put | Delete | Expect]


_read_batch = msgspec.json.Decoder(_Batch).decode
_read_transaction = msgspec.json.Decoder(_Transaction).decode


def read_batch(req: falcon.Request, limit: int) -> list[Get | Put | Delete]:
    """Return the operations of a batch. Raises HTTPBadRequest if the body is not valid."""
    return _read(req, limit, _read_batch)


def read_transaction(req: falcon.Request, limit: int) -> list[Put | Delete | Expect]:
    """Return the operations of a transaction. Raises HTTPBadRequest if the body is not valid."""
    return _read(req, limit, _read_transaction)


def _read(req: falcon.Request, limit: int, decode: Any) -> list[Any]:
    operations: list[Any] = read_json(req, limit, decode).operations
    if len(operations) > MOST:
        raise falcon.HTTPContentTooLarge(description=f"over {MOST:,} operations")
    return operations


def operations_schema(*names: str, key: Schema = KEY) -> Schema:
    """Return the schema of a list of the operations ``names``, whose keys have the schema ``key``."""
    members: dict[str, Schema] = {
        "get": {},
        "put": {"value": ANY},
        "delete": {},
        "expect": {"tag": nullable({"type": "string", "minLength": 1})},
    }
    each = [an_object(op={"const": name}, key=key, **members[name]) for name in names]
    return {**list_of({"oneOf": each}), "maxItems": MOST}
