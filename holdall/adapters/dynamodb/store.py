"""A store in a table of Amazon DynamoDB."""

from collections.abc import Iterable, Iterator
from itertools import chain
from operator import itemgetter
from typing import Any, cast

from holdall.adapters._aws.in_doubt import is_in_doubt
from holdall.adapters._objectstore.write_ids import unknown
from holdall.adapters._shared.expiring import ExpiringStore
from holdall.adapters._shared.servers import (
    Part,
    cut_page,
    fresh_tag,
    parts_of,
)
from holdall.adapters.dynamodb.errors import reasons
from holdall.adapters.dynamodb.items import (
    SHOW,
    THERE,
    Item,
    carrying,
    expiring_at,
    size_of,
    tag_of,
    value_of,
    within,
)
from holdall.adapters.dynamodb.table import Options, Table
from holdall.address import Address, flag
from holdall.batches import read_pages, split_keys, split_pairs, to_bytes_within
from holdall.errors import Conflict, InvalidAddress, InvalidKey, Throttled, TooLarge
from holdall.keys import Foreign, Span, check_key, format_key, only_keys, to_name
from holdall.store import (
    ABSENT,
    MISSING,
    Delete,
    Missing,
    Operation,
    Put,
    Tag,
    Tagged,
    conflict,
)

_ITEM = 400 * 1024  # bytes of an item; this and the next four limits: "Quotas in Amazon DynamoDB"
_GETS, _PUTS, _PARTS = 100, 25, 100
_TRANSACTION = 4 * 2**20


class DynamoDB(ExpiringStore):
    """The store called ``name`` in the table ``table``; values up to nearly 400 KB.

    One table can hold several stores. The partition key of the table is ``store`` and its sort key is
    ``key``, both of type string. ``create`` creates the table on first use, with on-demand billing. The AWS
    SDK finds the credentials, and also the region and profile if ``region`` and ``profile`` are not given.
    ``endpoint_url`` is the address of another server that speaks the same protocol. A request waits up to
    ``timeout`` seconds for a connection, and as long for the answer. After a failure it is retried up to
    ``retries`` times.

    Reads are strongly consistent. A scan reads up to 1 MiB per request; DynamoDB charges for the values even
    if the scan only needs keys. `get_many` reads 100 keys per request. `set_many` and `delete_many` change 25
    keys per request; if such a request fails, some of its keys may have been changed. `transact` takes up to
    100 keys and 4 MiB. A store is one partition: it can take about 1,000 writes and 3,000 reads of 4 KB per
    second until DynamoDB splits it.

    If the layer `Expires` is above this store, DynamoDB deletes an expired value within a few days, if time to live
    is enabled for the table and the attribute ``expires``. ``create`` enables it; `info` tells whether it is.

    >>> DynamoDB("acme", "invoices", region="eu-west-1")
    DynamoDB('acme', 'invoices', region='eu-west-1')
    """

    def __init__(
        self,
        table: str,
        name: str = "main",
        *,
        region: str | None = None,
        profile: str | None = None,
        endpoint_url: str | None = None,
        timeout: float = 20,
        retries: int = 4,
        create: bool = False,
    ) -> None:
        try:
            check_key(name)
        except InvalidKey as error:
            raise InvalidAddress(f"dynamodb: the name of the store must be a valid key; {error}") from None
        self._table = Table(
            table, name, Options(region, profile, endpoint_url, timeout, retries), create=create
        )
        self._most = _ITEM - len("storekeyvaluetag") - len(name.encode()) - len(fresh_tag())

    @classmethod
    def from_address(cls, address: Address) -> "DynamoDB":
        """``dynamodb://table/name?region=&profile=&endpoint_url=&timeout=&retries=&create=``."""
        if address.userinfo:
            raise InvalidAddress(
                "dynamodb: an address must not contain credentials; set them in the environment or in a profile"
            )
        if not address.host or address.port is not None:
            raise InvalidAddress("dynamodb: the table is missing; write dynamodb://table/name")
        known: dict[str, Any] = {"region": str, "profile": str, "endpoint_url": str}
        options = address.options(**known, timeout=float, retries=int, create=flag)
        return cls(address.host, address.path.strip("/") or "main", **options)

    # ---- One key ---------------------------------------------------------------------------------

    def _find(self, key: str, /) -> bytes | Missing:
        found = self._get(key, "value")
        return MISSING if found is None else value_of(found, key)

    def __contains__(self, key: object, /) -> bool:
        return self._get(cast(str, key), "key") is not None  # raises TypeError if it is not a str

    def get_tagged(self, key: str, /) -> Tagged[bytes]:
        found = self._get(key, "value", "tag")
        if found is None:
            raise KeyError(key)
        return Tagged(value_of(found, key), tag_of(found, key))

    def tag(self, key: str, /) -> Tag:
        found = self._get(key, "tag")
        return ABSENT if found is None else tag_of(found, key)

    def _get(self, key: str, *names: str) -> Item | None:
        check_key(key)
        return self._item_of(key, *names)

    def _item_of(self, key: str, *names: str) -> Item | None:
        answer: Item = self._table.ask(
            "get_item",
            key,
            Key=self._table.item(key),
            ConsistentRead=True,
            ProjectionExpression=", ".join(f"#{name}" for name in names),
            ExpressionAttributeNames={f"#{name}": name for name in names},
        )
        return answer.get("Item")

    def __setitem__(self, key: str, value: bytes, /) -> None:
        check_key(key)
        self._table.ask("put_item", key, Item=self._item(key, value))

    def _item(self, key: str, value: bytes) -> Item:
        expiry = expiring_at(self._last_second)
        room = self._most - len(key.encode()) - size_of(expiry)
        return self._table.item(
            key, value={"B": to_bytes_within(key, value, room)}, tag={"S": fresh_tag()}, **expiry
        )

    def __delitem__(self, key: str, /) -> None:
        check_key(key)
        try:
            self._table.ask("delete_item", key, Key=self._table.item(key), **THERE)
        except Conflict as error:
            if is_in_doubt(error.__cause__):
                unknown(key, error)
            raise KeyError(key) from None

    def discard(self, key: str, /) -> None:
        check_key(key)
        self._table.ask("delete_item", key, Key=self._table.item(key))

    # ---- Scans -----------------------------------------------------------------------------------

    def scan(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        return map(itemgetter(0), self._scan(("key",), prefix, start, stop))

    def scan_names(self, prefix: str = "", *, start: str = "", stop: str | None = None) -> Iterator[str]:
        pages = self._pages(("key",), Span.of(prefix, start, stop))
        return (to_name(key) for page in pages for key, _ in page)

    def get_foreign(self, name: Foreign, /) -> bytes:
        found = self._item_of(name.stored, "value")
        if found is None:
            raise KeyError(name)
        return value_of(found, format_key(name))

    def scan_items(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        return ((key, value_of(item, key)) for key, item in self._scan(("key", "value"), prefix, start, stop))

    def scan_tags(
        self, prefix: str = "", *, start: str = "", stop: str | None = None
    ) -> Iterator[tuple[str, Tag]]:
        return ((key, tag_of(item, key)) for key, item in self._scan(("key", "tag"), prefix, start, stop))

    def _scan(
        self, names: tuple[str, ...], prefix: str, start: str, stop: str | None
    ) -> Iterator[tuple[str, Item]]:
        pages = self._pages(names, Span.of(prefix, start, stop))
        return chain.from_iterable(map(only_keys, pages))

    def _pages(self, names: tuple[str, ...], span: Span) -> Iterator[list[tuple[str, Item]]]:
        def read(low: str, size: int) -> tuple[list[tuple[str, Item]], str | None]:
            if span._replace(low=low).empty:
                return [], None
            items, more = self._table.query(*within(low, span.high), names, size)
            page, beyond = cut_page([(item["key"]["S"], item) for item in items], hides=span.hides, more=more)
            return [row for row in page if span.high is None or row[0] < span.high], beyond

        return read_pages(read, span.low)

    # ---- Many keys -------------------------------------------------------------------------------

    def get_many(self, keys: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        for batch in split_keys(keys, _GETS):
            found = self._table.get_batch(list(dict.fromkeys(batch)))
            held = {key: value_of(item, key) for item in found for key in [item["key"]["S"]]}
            yield from ((str(key), held[key]) for key in batch if key in held)

    def set_many(self, items: Iterable[tuple[str, bytes]], /) -> None:
        for batch in split_pairs(items, _PUTS, self._most):
            puts = [{"PutRequest": {"Item": self._item(*pair)}} for pair in dict(batch).items()]
            self._table.write_batch(puts)

    def delete_many(self, keys: Iterable[str], /) -> None:
        for batch in split_keys(keys, _PUTS):
            distinct = dict.fromkeys(batch)
            self._table.write_batch([{"DeleteRequest": {"Key": self._table.item(key)}} for key in distinct])

    # ---- Compare-and-swap ------------------------------------------------------------------------

    def swap(self, key: str, value: bytes, /, expected: Tag) -> Tag:
        check_key(key)
        item = self._item(key, value)
        try:
            self._table.ask("put_item", key, Item=item, **carrying(expected), **SHOW)
        except Conflict as error:
            if _current_tag(error, key) != tag_of(item, key):  # if equal, it is our own write, sent twice
                raise _resolve_conflict(key, error) from error
        return tag_of(item, key)

    def remove(self, key: str, /, expected: Tag) -> None:
        check_key(key)
        if expected == ABSENT:
            raise conflict(key)
        try:
            self._table.ask("delete_item", key, Key=self._table.item(key), **carrying(expected), **SHOW)
        except Conflict as error:
            raise _resolve_conflict(key, error) from error

    def transact(self, changes: Iterable[Operation[bytes]], /) -> None:
        parts = self._parts(parts_of(changes, self._most))
        if not parts:
            return
        try:
            self._table.call("transact_write_items", TransactItems=list(parts.values()))
        except Throttled as error:
            for key, reason in zip(parts, reasons(error.__cause__), strict=False):
                if reason == "ConditionalCheckFailed":
                    raise conflict(key) from error
            raise

    def _parts(self, parts: dict[str, Part]) -> dict[str, Item]:
        """The request for each key of a transaction. Raises TooLarge if that exceeds a limit of DynamoDB."""
        sizes = (len(part.change.value) for part in parts.values() if isinstance(part.change, Put))
        if len(parts) > _PARTS or sum(sizes) > _TRANSACTION:
            raise TooLarge(f"a transaction takes at most {_PARTS} keys and {_TRANSACTION:,} bytes; split it")
        return {key: self._part(key, *part) for key, part in parts.items()}

    def _part(self, key: str, expected: Tag | None, change: Put[bytes] | Delete | None) -> Item:
        condition = {} if expected is None else carrying(expected)
        if isinstance(change, Put):
            item = self._item(key, change.value)
            return {"Put": {"TableName": self._table.name, "Item": item, **condition}}
        kind = "ConditionCheck" if change is None else "Delete"
        return {kind: {"TableName": self._table.name, "Key": self._table.item(key), **condition}}

    # ---- The store itself ------------------------------------------------------------------------

    def info(self) -> dict[str, str]:
        return {"expired values": self._table.describe_expiry(), **self._table.describe_totals()}

    def close(self) -> None:
        self._table.close()


def _current_tag(error: Conflict, key: str) -> Tag:
    """The tag of the item that did not meet the condition; ABSENT if there was no item."""
    item = getattr(error.__cause__, "response", {}).get("Item")
    return tag_of(item, key) if item else ABSENT


def _resolve_conflict(key: str, error: Conflict) -> Conflict:
    """The Conflict for a write that found another tag.

    Raises Unavailable if an earlier attempt of the same write may have succeeded.
    """
    if is_in_doubt(error.__cause__):
        unknown(key, error)
    return conflict(key)
