"""conflicts and settle: the keys that two stores with history changed apart."""

import json

import pytest

from holdall import open as open_store
from holdall.replication import sync_both
from tests.cli.console import call, good, refusal

SHOP, CLOUD = "sqlite:///shop.db?history=on", "file:cloud?history=on"


def put(uri, key, value, author="Ann"):
    with open_store(uri) as store, store.note(author=author, message="typing error"):
        if value is None:
            del store[key]
        else:
            store[key] = json.dumps(value).encode()


@pytest.fixture(autouse=True)
def in_conflict(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOLDALL_AUTHOR", "Eve")
    for key in "order", "gone":
        put(SHOP, key, {"customer": "Ada", "total": 1.10, "paid": False})
    call("sync", "--both", SHOP, CLOUD)
    put(SHOP, "order", {"customer": "Ada", "total": 1.10, "paid": True})
    put(CLOUD, "order", {"customer": "Ada Ltd", "total": 2.20, "paid": False}, "Bob")
    put(SHOP, "gone", None)
    put(CLOUD, "gone", {"customer": "Bob"}, "Bob")


def revisions():
    (found,) = [each for each in json.loads(call("conflicts", "--json", SHOP).out) if each["key"] == "order"]
    return {each["author"]: each["revision"] for each in found["siblings"]}


def order(uri=CLOUD):
    return json.loads(good("get", uri, "order"))


def test_conflicts_are_listed_by_field_with_the_last_common_value():
    assert (call("conflicts", SHOP).code, call("conflicts", SHOP).err) == (0, "no conflicts\n")
    assert "2 with siblings" in call("sync", "--both", "--conflict", "keep", SHOP, CLOUD).err
    done = call("conflicts", SHOP)
    assert done.code == 1
    lines = [line.split() for line in done.out.splitlines()]
    assert ["'gone'"] in lines
    assert any(line[:1] == ["deleted"] for line in lines)
    assert ["/total", "1.1"] in [line[:2] for line in lines]
    assert "Ann" in done.out
    found = json.loads(call("conflicts", "--json", SHOP, "or").out)
    assert [each["key"] for each in found] == ["order"]
    assert found[0]["base"] == {"customer": "Ada", "total": 1.1, "paid": False}
    assert {each["value"]["total"] for each in found[0]["siblings"]} == {1.1, 2.2}
    assert {each["message"] for each in found[0]["siblings"]} == {"typing error"}


def test_a_conflict_is_settled_by_taking_merging_or_giving_a_value():
    call("sync", "--both", "--conflict", "keep", SHOP, CLOUD)
    taken = revisions()["Ann"]
    assert good("settle", SHOP, "order", "--take", taken[:8]) == ""
    assert order(SHOP)["paid"] is True
    assert "order" not in call("conflicts", SHOP).out
    good("settle", CLOUD, "order", "--merge")
    good("settle", CLOUD, "gone", "--value", "-", stdin=b"{}")
    assert "Eve" in good("history", CLOUD, "gone")
    assert order() == {"customer": "Ada Ltd", "total": 2.2, "paid": True}
    call("sync", "--both", "--conflict", "theirs", SHOP, CLOUD)
    assert order(SHOP) == order()
    assert call("conflicts", SHOP).code == call("conflicts", CLOUD).code == 0


def test_a_sync_merges_fields_and_leaves_what_it_cannot_merge():
    done = call("sync", "--both", "--conflict", "merge-fields", SHOP, CLOUD)
    assert (done.code, order(), order(SHOP)) == (
        0,
        {"customer": "Ada Ltd", "total": 2.2, "paid": True},
        order(),
    )
    assert b"2.20" not in open_store(SHOP)["order"]
    assert "1 with siblings" in done.err
    put(SHOP, "order", {"customer": "A"})
    put(CLOUD, "order", {"customer": "B"})
    call("sync", "--both", "--conflict", "merge-fields", SHOP, CLOUD)
    assert "the same part to different values (/customer); settle it" in refusal(
        "settle", SHOP, "order", "--merge"
    )
    with open_store("sqlite:///plain.db") as plain:
        plain["a"] = b"1"
    assert (
        "keeps no revisions"
        in call("sync", "--both", "--conflict", "merge-fields", SHOP, "sqlite:///plain.db").err
    )


def test_what_cannot_be_settled():
    assert "'order' is not in conflict" in refusal("settle", SHOP, "order", "--merge")
    call("sync", "--both", "--conflict", "keep", SHOP, CLOUD)
    assert call("settle", SHOP, "order").code == 2
    assert call("settle", SHOP, "order", "--merge", "--take", "2").code == 2
    for name in "", "9-ff", "2":
        assert "does not name one of the revisions of 'order'" in refusal(
            "settle", SHOP, "order", "--take", name
        )


def test_numbers_of_merged_documents_keep_their_digits(tmp_path):
    with open_store(SHOP) as shop, open_store(CLOUD) as cloud:
        shop["n"] = b'{"total": 1.10, "a": 1}'
        sync_both(shop, cloud, prefix="n")
        shop["n"], cloud["n"] = b'{"total": 1.10, "a": 2}', b'{"total": 2.50, "a": 1}'
    call("sync", "--both", "--conflict", "merge-fields", "--prefix", "n", SHOP, CLOUD)
    assert good("get", SHOP, "n") == '{"total":2.50,"a":2}'
