"""The totals that servers know without a listing."""

from typing import Any

import pytest
import sqlalchemy as sa

from tests.servers import dynamodb, redis, sql


def test_redis_knows_its_number_of_keys(redis_server: redis.Server) -> None:
    store = redis_server.store()
    assert store.info()["stored keys"] == "0"
    store.update(dict.fromkeys("abc", b"x"))
    store.raw()[".holdall/x"] = b"x"
    assert store.info()["stored keys"] == "4"


@pytest.mark.parametrize("server", ["mysql", "postgresql"])
def test_sql_servers_estimate(server: str, request: pytest.FixtureRequest) -> None:
    running: sql.Server = request.getfixturevalue(server)
    store = running.store()
    store.update((f"{number:04}", b"x" * 1000) for number in range(1000))
    analyze = {"mysql": "ANALYZE TABLE `{}`", "postgresql": 'ANALYZE "{}"'}[server].format(store._table.name)
    store._link.run(lambda connection: list(_rows(connection.execute(sa.text(analyze)))))
    found = store.info()
    about, number, reason = found["stored keys"].split(maxsplit=2)
    assert (about, reason, 900 <= int(number.replace(",", "")) <= 1100) == (
        "about",
        "(the server's estimate)",
        True,
    )
    assert int(found["used"].split()[1].replace(",", "")) > 1_000_000


def _rows(result: Any) -> Any:
    return result if result.returns_rows else []


def test_dynamodb_tells_those_of_the_table(dynamodb: dynamodb.Server) -> None:
    with dynamodb.store() as store:
        found = store.info()
    assert found["stored keys"].startswith("about ")
    assert found["stored keys"].endswith("(of the whole table; DynamoDB counts every six hours)")
