"""The items of a store in DynamoDB, and the expressions in its requests.

    item    = store key value tag [expires]     the partition key is store, the sort key is key
    store   = S                         the store's name: one table holds many
    key     = S                         DynamoDB orders a sort key by its UTF-8 bytes
    value   = B
    tag     = S                         drawn by whoever wrote it last
    expires = N                         DynamoDB may delete the item after this second since 1970

An item without a value or a tag was written by another program, and reading it raises Corrupt.
"""

from typing import Any, Final

from holdall.errors import Corrupt
from holdall.store import ABSENT, Tag

Item = dict[str, Any]

_BOUND = 600  # bytes of a bound that are sent: longer than any key, shorter than a sort key may be (1,024)

SHOW: Final = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
"""Lets a refusal return the item that did not meet the condition."""

THERE: Final = {"ConditionExpression": "attribute_exists(#key)", "ExpressionAttributeNames": {"#key": "key"}}
"""The condition that the item exists."""


EXPIRES: Final = "expires"
"""The name of the attribute for which time to live is enabled."""


def expiring_at(second: int | None) -> Item:
    """The attribute of an item that DynamoDB may delete after ``second``; none if ``second`` is None."""
    return {} if second is None else {EXPIRES: {"N": str(second)}}


def size_of(expiry: Item) -> int:
    """An upper bound of the bytes that the attribute ``expiry`` takes."""
    return sum(len(name) + len(held["N"]) for name, held in expiry.items())


def carrying(tag: Tag) -> Item:
    """The condition that an item carries ``tag``, or that it is missing if ``tag`` is ABSENT."""
    if tag == ABSENT:
        return {**THERE, "ConditionExpression": "attribute_not_exists(#key)"}
    return {
        "ConditionExpression": "#tag = :tag",
        "ExpressionAttributeNames": {"#tag": "tag"},
        "ExpressionAttributeValues": {":tag": {"S": tag}},
    }


def within(low: str, high: str | None) -> tuple[str, Item]:
    """The condition that a key is at or after ``low`` and not after ``high``, and the values it refers to."""
    values = {":low": {"S": _bound(low)}, ":high": {"S": _bound(high or "")}}
    if low and high:
        return "#key BETWEEN :low AND :high", values
    if low:
        return "#key >= :low", {":low": values[":low"]}
    return ("#key < :high", {":high": values[":high"]}) if high else ("", {})


def _bound(text: str) -> str:
    return text.encode()[:_BOUND].decode(errors="ignore")


def value_of(item: Item, key: str) -> bytes:
    """The value of the item of ``key``. Raises Corrupt if it has none; no store writes such an item."""
    return bytes(_require_field(item, key, "value", "B"))


def tag_of(item: Item, key: str) -> Tag:
    """The tag of the item of ``key``. Raises Corrupt if it has none."""
    return Tag(_require_field(item, key, "tag", "S"))


def _require_field(item: Item, key: str, name: str, kind: str) -> Any:
    held = item.get(name, {}).get(kind)
    if held is None:
        raise Corrupt(f"the item of {key!r} has no {name}; another program wrote it", key=key)
    return held
