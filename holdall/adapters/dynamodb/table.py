"""The client and the requests to a DynamoDB table. Translates errors, and resends unprocessed items."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from holdall.adapters._aws.in_doubt import note_doubt
from holdall.adapters._objectstore.names import check_reach
from holdall.adapters._shared.totals import totals
from holdall.adapters.dynamodb.errors import RAISED, translate
from holdall.adapters.dynamodb.items import EXPIRES, Item
from holdall.errors import PermissionDenied, Throttled
from holdall.extras import needs
from holdall.handles import PerProcess

with needs("dynamodb"):
    from botocore.config import Config

    from holdall.adapters._aws.session import code_of, session, survive_interrupts

_NO_EXPIRY = "AccessDeniedException", "UnknownOperationException"
_ATTEMPTS = 10  # how often a batch, or its unprocessed rest, is sent


@dataclass(frozen=True)
class Options:
    """How to reach the server; `holdall.adapters.dynamodb.DynamoDB` documents each option."""

    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    timeout: float = 20
    retries: int = 4

    def __post_init__(self) -> None:
        check_reach("dynamodb", self.endpoint_url, self.timeout, self.retries)


class Table:
    """The items of the store ``store`` in the table ``name``."""

    def __init__(self, name: str, store: str, options: Options, *, create: bool) -> None:
        self.name = name
        self.store = store
        self._options = options
        self._create = create
        self._where = f"dynamodb://{name}/{store}"
        self._client = PerProcess(self._connect)

    def item(self, key: str, **attributes: Any) -> Item:
        """The primary key of the item of ``key``, and its ``attributes``, in the form that requests use."""
        return {"store": {"S": self.store}, "key": {"S": str.__str__(key)}, **attributes}

    def call(self, operation: str, key: str | None = None, **request: Any) -> Any:
        """The answer to a request about ``key``. Raises holdall's errors; the client's error is the cause."""
        try:
            return getattr(self._client(), operation)(**request)
        except RAISED as error:
            raise translate(error, self._where, key) from error

    def ask(self, operation: str, key: str, **request: Any) -> Any:
        """The answer to a request about the single item of ``key``."""
        return self.call(operation, key, TableName=self.name, **request)

    def query(
        self, condition: str, values: Item, names: tuple[str, ...], limit: int
    ) -> tuple[list[Item], bool]:
        """The first items of the store that meet ``condition``, in order of keys; and whether more follow."""
        answer = self.call(
            "query",
            TableName=self.name,
            KeyConditionExpression=" AND ".join(filter(None, ("#store = :store", condition))),
            ExpressionAttributeValues={":store": {"S": self.store}, **values},
            ExpressionAttributeNames={f"#{name}": name for name in {"store", "key", *names}},
            ProjectionExpression=", ".join(f"#{name}" for name in names),
            ConsistentRead=True,
            Limit=limit,
        )
        return answer["Items"], "LastEvaluatedKey" in answer

    def get_batch(self, keys: list[str]) -> Iterator[Item]:
        """The items of those ``keys`` that exist, in any order. Takes up to 100 keys, none of them twice."""
        request: Any = {"Keys": [self.item(key) for key in keys], "ConsistentRead": True}
        rest: Any = {self.name: request}
        for _ in self._attempts():
            answer = self.call("batch_get_item", RequestItems=rest)
            yield from answer["Responses"].get(self.name, ())
            rest = answer.get("UnprocessedKeys")
            if not rest:
                return

    def write_batch(self, requests: list[Item]) -> None:
        """Carry out ``requests``: up to 25, none with the same key as another."""
        rest: Any = {self.name: requests}
        for _ in self._attempts():
            rest = self.call("batch_write_item", RequestItems=rest).get("UnprocessedItems")
            if not rest:
                return

    def _attempts(self) -> Iterator[None]:
        """Yield once per attempt at a batch, with growing pauses between. Raises Throttled after the last."""
        for attempt in range(_ATTEMPTS):
            yield
            time.sleep(random.uniform(0, 0.05 * 2 ** min(attempt, 6)))  # noqa: S311 - jitter
        raise Throttled(f"{self._where} did not process a whole batch; send fewer requests")

    def describe_expiry(self) -> str:
        """Tell in words whether DynamoDB deletes expired values."""
        try:
            found = self.call("describe_time_to_live", TableName=self.name)["TimeToLiveDescription"]
        except PermissionDenied:
            return "unknown: the user may not DescribeTimeToLive"
        if found.get("AttributeName") == EXPIRES and found["TimeToLiveStatus"] in ("ENABLED", "ENABLING"):
            return "deleted by DynamoDB"
        return f"stay: enable time to live for the attribute {EXPIRES} of the table {self.name}"

    def describe_totals(self) -> dict[str, str]:
        """Return the totals of the table, which may have several stores; nothing if the user may not see them."""
        try:
            found = self.call("describe_table", TableName=self.name)["Table"]
        except PermissionDenied:
            return {}
        about = "of the whole table; DynamoDB counts every six hours"
        return totals(found.get("ItemCount"), found.get("TableSizeBytes"), about=about)

    def close(self) -> None:
        """Close the sockets of this process."""
        if client := self._client.take():
            client.close()

    # ---- The client ------------------------------------------------------------------------------

    def _connect(self) -> Any:
        options = self._options
        config = Config(
            connect_timeout=options.timeout,
            read_timeout=options.timeout,
            retries={"mode": "standard", "total_max_attempts": options.retries + 1},
            max_pool_connections=32,
        )
        try:
            made, _ = session(options.profile, options.region)
            client = made.client("dynamodb", endpoint_url=options.endpoint_url, config=config)
            survive_interrupts(client)
            client.meta.events.register("needs-retry.dynamodb", self._watch)
            if self._create:
                self._create_table(client)
        except RAISED as error:
            raise translate(error, self._where) from error
        return client

    def _create_table(self, client: Any) -> None:
        try:
            client.create_table(
                TableName=self.name,
                KeySchema=[
                    {"AttributeName": "store", "KeyType": "HASH"},
                    {"AttributeName": "key", "KeyType": "RANGE"},
                ],
                AttributeDefinitions=[
                    {"AttributeName": name, "AttributeType": "S"} for name in ("store", "key")
                ],
                BillingMode="PAY_PER_REQUEST",
            )
        except RAISED as error:
            if code_of(error) != "ResourceInUseException":
                raise
            _wait(client, self.name)
        else:
            _wait(client, self.name)
            self._enable_expiry(client)

    def _enable_expiry(self, client: Any) -> None:
        setting = {"Enabled": True, "AttributeName": EXPIRES}
        try:
            client.update_time_to_live(TableName=self.name, TimeToLiveSpecification=setting)
        except RAISED as error:
            if code_of(error) not in _NO_EXPIRY:  # the store works without it, and `describe_expiry` tells
                raise

    def _watch(
        self, request_dict: Any, response: Any = None, attempts: int = 1, **event: Any
    ) -> float | None:
        """Record whether an attempt may have taken effect, and retry refusals that the client does not retry.

        These are refusals because of a concurrent transaction.
        """
        note_doubt(request_dict, response)
        if response and _is_transaction_conflict(response[1]) and attempts <= self._options.retries:
            return random.uniform(0, 0.02 * 2**attempts)  # noqa: S311 - jitter
        return None


def _wait(client: Any, table: str) -> None:
    client.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1})


def _is_transaction_conflict(parsed: Any) -> bool:
    """Whether a concurrent transaction is the only reason why a request was refused."""
    found = {reason.get("Code") for reason in parsed.get("CancellationReasons", ())} - {"None"}
    code = parsed.get("Error", {}).get("Code")
    return code == "TransactionConflictException" or found == {"TransactionConflict"}
