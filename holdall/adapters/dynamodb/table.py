"""The requests to a table of DynamoDB: the client, errors translated, what was not processed sent again."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from holdall.adapters.doubt import note_doubt
from holdall.adapters.dynamodb.errors import RAISED, translated
from holdall.adapters.dynamodb.items import Item
from holdall.adapters.objects import check_reach
from holdall.errors import Throttled
from holdall.extras import needs
from holdall.handles import PerProcess

with needs("dynamodb"):
    from botocore.config import Config

    from holdall.adapters.aws import code_of, session, survive_interrupts

_ATTEMPTS = 10  # times that the rest of a batch is sent


@dataclass(frozen=True)
class Options:
    """How to reach the server; see `holdall.adapters.dynamodb.DynamoDB` for what each means."""

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
        self._client = PerProcess(self._connected)

    def item(self, key: str, **attributes: Any) -> Item:
        """What names the item of ``key``, and ``attributes`` of it, as requests take them."""
        return {"store": {"S": self.store}, "key": {"S": str.__str__(key)}, **attributes}

    def call(self, operation: str, key: str | None = None, **request: Any) -> Any:
        """The answer to a request about ``key``; the client's error is the cause of what is raised."""
        try:
            return getattr(self._client(), operation)(**request)
        except RAISED as error:
            raise translated(error, self._where, key) from error

    def ask(self, operation: str, key: str, **request: Any) -> Any:
        """The answer to a request about the item of ``key`` alone."""
        return self.call(operation, key, TableName=self.name, **request)

    def query(
        self, condition: str, values: Item, names: tuple[str, ...], limit: int
    ) -> tuple[list[Item], bool]:
        """Items of the store in the order of their keys, and whether there are more than these."""
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
        """The items of ``keys``, at most 100 and no key twice, in no order."""
        request: Any = {"Keys": [self.item(key) for key in keys], "ConsistentRead": True}
        rest: Any = {self.name: request}
        for _ in self._attempts():
            answer = self.call("batch_get_item", RequestItems=rest)
            yield from answer["Responses"].get(self.name, ())
            rest = answer.get("UnprocessedKeys")
            if not rest:
                return

    def write_batch(self, requests: list[Item]) -> None:
        """Carry out ``requests``, at most 25 and no key twice."""
        rest: Any = {self.name: requests}
        for _ in self._attempts():
            rest = self.call("batch_write_item", RequestItems=rest).get("UnprocessedItems")
            if not rest:
                return

    def _attempts(self) -> Iterator[None]:
        """Ever longer pauses between the attempts at a batch; Throttled after the last."""
        for attempt in range(_ATTEMPTS):
            yield
            time.sleep(random.uniform(0, 0.05 * 2 ** min(attempt, 6)))  # noqa: S311 - jitter
        raise Throttled(f"{self._where} did not process all of a batch; ask it less often")

    def close(self) -> None:
        """Close its sockets."""
        if client := self._client.take():
            client.close()

    # ---- The client ------------------------------------------------------------------------------

    def _connected(self) -> Any:
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
                self._created(client)
        except RAISED as error:
            raise translated(error, self._where) from error
        return client

    def _created(self, client: Any) -> None:
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
        client.get_waiter("table_exists").wait(TableName=self.name, WaiterConfig={"Delay": 1})

    def _watch(
        self, request_dict: Any, response: Any = None, attempts: int = 1, **event: Any
    ) -> float | None:
        """Note whether a try may have had its effect; and repeat what the client does not by itself."""
        note_doubt(request_dict, response)
        if response and _met_another(response[1]) and attempts <= self._options.retries:
            return random.uniform(0, 0.02 * 2**attempts)  # noqa: S311 - jitter
        return None


def _met_another(parsed: Any) -> bool:
    """Whether a request met a transaction under way, and nothing else."""
    found = {reason.get("Code") for reason in parsed.get("CancellationReasons", ())} - {"None"}
    code = parsed.get("Error", {}).get("Code")
    return code == "TransactionConflictException" or found == {"TransactionConflict"}
