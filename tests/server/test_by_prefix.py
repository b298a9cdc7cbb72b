"""Stores whose documents have several types: the prefix of a key decides, in each request."""

from decimal import Decimal
from typing import ClassVar

import msgspec
import pytest

import holdall
from tests.server.pages import Browser


class Setting(msgspec.Struct, forbid_unknown_fields=True):
    name: str


class Bill(msgspec.Struct, forbid_unknown_fields=True):
    types_by_prefix: ClassVar[dict[str, str]] = {"settings/": f"{__name__}:Setting"}
    total: Decimal


@pytest.fixture(scope="module", params=[holdall.Json, holdall.MessagePack])
def store(request):
    return holdall.Versions(request.param(holdall.Memory(), Bill))


@pytest.fixture(scope="module")
def http(serving, store):
    with serving({"bills": store}) as client:
        yield client


def test_each_request_reads_and_writes_the_type_of_the_key(http, store):
    assert http("PUT", "/v1/bills/docs/settings/a", doc={"name": "EUR"}).status == 201
    assert http("PUT", "/v1/bills/docs/bills/1", doc={"total": "1.50"}).status == 201
    assert store["settings/a"] == Setting("EUR")
    assert http("PUT", "/v1/bills/docs/settings/a", doc={"total": "1.50"}).status == 422
    merge = {"Content_Type": "application/merge-patch+json"}
    assert http("PATCH", "/v1/bills/docs/settings/a", doc={"name": "CHF"}, **merge).json() == {"name": "CHF"}
    assert http("GET", "/v1/bills/docs/settings/a").json() == {"name": "CHF"}
    listed = http("GET", "/v1/bills/docs/?include=values").json()["items"]
    assert [each["value"] for each in listed] == [{"total": "1.50"}, {"name": "CHF"}]
    assert http("GET", "/v1/bills:diff?key=settings/a&from=1&to=2").json()[0]["value"] == "CHF"
    assert http("POST", "/v1/bills/docs/settings/", doc={"name": "new"}).status == 201


def test_a_batch_and_a_transaction_write_both_types(http, store):
    puts = [
        {"op": "put", "key": "settings/b", "value": {"name": "EUR"}},
        {"op": "put", "key": "bills/2", "value": {"total": "2.50"}},
    ]
    assert http("POST", "/v1/bills:transact", doc={"operations": puts}).status == 204
    assert (store["settings/b"], store["bills/2"]) == (Setting("EUR"), Bill(Decimal("2.50")))
    answer = http(
        "POST", "/v1/bills:batch", doc={"operations": [*puts, {"op": "get", "key": "settings/b"}]}
    ).json()
    assert [each["status"] for each in answer["results"]] == [204, 204, 200]
    assert answer["results"][2]["value"] == {"name": "EUR"}


def test_pages_show_both_types(store):
    store["settings/page"] = Setting("shown")
    assert "shown" in Browser({"bills": store}).get("/bills/docs/settings/page").text
