"""Items of DynamoDB, and the expressions that requests are made of.

    item    = store key value tag       the partition key is store, the sort key is key
    store   = S                         the store's name: one table holds many
    key     = S                         DynamoDB orders a sort key by its UTF-8 bytes
    value   = B
    tag     = S                         drawn by whoever wrote it last

An item that lacks a value or a tag was written by something else, and is Corrupt.
"""

from typing import Any, Final

from holdall.errors import Corrupt
from holdall.store import ABSENT, Tag

Item = dict[str, Any]

_BOUND = 600  # bytes of a bound that are sent: more than any key has, fewer than the 1,024 of a sort key

SHOW: Final = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
"""Have a refusal tell the item that was met."""

THERE: Final = {"ConditionExpression": "attribute_exists(#key)", "ExpressionAttributeNames": {"#key": "key"}}
"""The condition that there is an item."""


def carrying(tag: Tag) -> Item:
    """The condition that an item carries ``tag``, or is not there where that is ABSENT."""
    if tag == ABSENT:
        return {**THERE, "ConditionExpression": "attribute_not_exists(#key)"}
    return {
        "ConditionExpression": "#tag = :tag",
        "ExpressionAttributeNames": {"#tag": "tag"},
        "ExpressionAttributeValues": {":tag": {"S": tag}},
    }


def within(low: str, high: str | None) -> tuple[str, Item]:
    """The condition that a key is from ``low`` on and not after ``high``, and the values in it."""
    values = {":low": {"S": _bound(low)}, ":high": {"S": _bound(high or "")}}
    if low and high:
        return "#key BETWEEN :low AND :high", values
    if low:
        return "#key >= :low", {":low": values[":low"]}
    return ("#key < :high", {":high": values[":high"]}) if high else ("", {})


def _bound(text: str) -> str:
    return text.encode()[:_BOUND].decode(errors="ignore")


def value_of(item: Item, key: str) -> bytes:
    """The value of the item of ``key``; Corrupt where it has none, for then no store wrote it."""
    return bytes(_held(item, key, "value", "B"))


def tag_of(item: Item, key: str) -> Tag:
    """The tag of an item, as `value_of`."""
    return Tag(_held(item, key, "tag", "S"))


def _held(item: Item, key: str, name: str, kind: str) -> Any:
    held = item.get(name, {}).get(kind)
    if held is None:
        raise Corrupt(f"the item of {key!r} holds no {name}; something else wrote it", key=key)
    return held
