"""Documents of several types in one store: the prefix of a key decides."""

from decimal import Decimal
from typing import ClassVar

import msgspec
import pytest

from holdall import ABSENT, Corrupt, Encrypt, Invalid, Json, Memory, Put, TooLarge, Versions
from tests.middleware.bytes.layers import keys
from tests.middleware.serializers.test_typed import formats


class Setting(msgspec.Struct, forbid_unknown_fields=True):
    name: str


class Bill(msgspec.Struct, forbid_unknown_fields=True):
    types_by_prefix: ClassVar[dict[str, str]] = {"settings/": f"{__name__}:Setting"}
    total: Decimal


BILL, SETTING = Bill(Decimal("1.50")), Setting("EUR")


@formats
def test_each_prefix_has_its_type(serializer):
    store = serializer(Memory(), Bill)
    store["bills/1"], store["settings/a"] = BILL, SETTING
    assert dict(store.items()) == {"bills/1": BILL, "settings/a": SETTING}
    assert store.modify("settings/a", lambda found: Setting(found.name * 2)) == Setting("EUREUR")
    store.swap("settings/b", SETTING, ABSENT)
    store.transact([Put("bills/2", BILL), Put("settings/c", SETTING)])
    assert [type(value) for value in store.values()] == [Bill, Bill, Setting, Setting, Setting]


@formats
@pytest.mark.parametrize(
    ("key", "value"), [("settings/a", BILL), ("bills/1", SETTING)], ids=["bill", "setting"]
)
def test_a_document_of_another_type_is_refused(serializer, key, value):
    store = serializer(Memory(), Bill)
    with pytest.raises(Invalid, match=f"cannot keep the value of '{key}'"):
        store[key] = value
    assert not store


def test_a_stored_document_of_another_type_is_corrupt():
    store = Json(Memory(), Bill)
    store.inner["settings/a"] = b'{"total": "1.50"}'
    with pytest.raises(Corrupt, match="'settings/a'"):
        store["settings/a"]


def test_the_limit_of_memory_is_the_same():
    store = Json(Memory(), Bill, max_size=1000)
    with pytest.raises(TooLarge, match="'settings/a' takes more than 1,000 bytes"):
        store["settings/a"] = Setting("x" * 2000)


def test_they_have_history_and_are_encrypted():
    memory = Memory()
    store = Versions(Json(Encrypt(memory, keys), Bill))
    store["settings/a"] = SETTING
    store["settings/a"] = Setting("CHF")
    assert [store.at("settings/a", number) for number in (1, 2)] == [SETTING, Setting("CHF")]
    assert not any(b"CHF" in value for value in memory.raw().values())


def test_a_view_of_a_part_has_no_other_types():
    store = Json(Memory(), Bill)
    store["settings/a"] = SETTING
    assert store.typed(Setting)["settings/a"] == SETTING
    assert store.typed(Bill)["settings/a"] == SETTING
