"""The helpers of stores on servers: batches, transactions by key, reserved rows, and logins."""

import base64

import pytest
import trustme

from holdall import ABSENT, Conflict, Delete, Expect, Put
from holdall.adapters._shared.servers import (
    Part,
    after,
    check_ca,
    check_wait,
    cut_page,
    fresh_tag,
    login,
    parts_of,
)
from holdall.address import Address
from holdall.errors import InvalidAddress, InvalidKey, TooLarge
from holdall.store import Tag


def test_a_transaction_is_sorted_by_key() -> None:
    one = Tag("1")
    changes = [Put("b", b"x"), Expect("c", one), Delete("b"), Expect("a", ABSENT), Put("a", b"y")]
    assert list(parts_of(changes, most=1).items()) == [
        ("a", Part(ABSENT, Put("a", b"y"))),
        ("b", Part(None, Delete("b"))),
        ("c", Part(one, None)),
    ]


def test_a_transaction_refuses_what_a_store_refuses() -> None:
    for first, second in (("1", "2"), ("2", "1")):
        with pytest.raises(Conflict):
            parts_of([Expect("a", Tag(first)), Expect("a", Tag(second))], most=1)
    assert parts_of([Expect("a", Tag("1")), Expect("a", Tag("1"))], most=1) == {"a": Part(Tag("1"), None)}
    with pytest.raises(TooLarge):
        parts_of([Put("a", b"12")], most=1)
    for change in (Put("a//b", b""), Delete("a//b"), Expect("a//b", ABSENT)):
        with pytest.raises(InvalidKey):
            parts_of([change], most=1)


def test_rows_end_before_a_reserved_key_and_go_on_past_it() -> None:
    rows = [("a", b"1"), ("b/.holdall/x", b"2"), ("c", b"3")]
    assert cut_page(rows, hides=False, more=False) == (rows, None)
    assert cut_page(rows, hides=False, more=True) == (rows, after("c"))
    kept, start = cut_page(rows, hides=True, more=False)
    assert kept == rows[:1]
    assert start is not None
    assert "b/.holdall/x" < "b/.holdall/\U0010ffff" < start < "b/.holdalm"
    assert cut_page([rows[0], rows[2]], hides=True, more=False) == ([rows[0], rows[2]], None)
    assert cut_page([rows[0]], hides=True, more=True) == ([rows[0]], after("a"))


def test_the_bound_after_a_key_excludes_only_that_key() -> None:
    assert sorted([after("a"), "a", "a!", "a/b"]) == ["a", after("a"), "a!", "a/b"]


def test_tags_hold_96_bits_and_do_not_repeat() -> None:
    assert len(base64.urlsafe_b64decode(str(fresh_tag()))) == 96 // 8
    assert len({fresh_tag() for _ in range(1000)}) == 1000


def test_a_login_is_what_the_address_names() -> None:
    assert login(Address.parse("redis://app:pw@cache.example:6380")) == {
        "host": "cache.example",
        "port": 6380,
        "user": "app",
        "password": "pw",
    }
    assert login(Address.parse("redis://")) == {}


@pytest.mark.parametrize("timeout", [0, -1, 1e6, float("nan"), float("inf")])
def test_a_time_to_wait_is_a_positive_number(timeout: float) -> None:
    with pytest.raises(InvalidAddress, match="redis: timeout"):
        check_wait("redis", timeout)
    check_wait("redis", 999_999.5)
    check_wait("redis", 0.5)


def test_certificates_are_read_from_a_file_of_them(tmp_path: object) -> None:
    trustme.CA().cert_pem.write_to_path(f"{tmp_path}/ca.pem")
    check_ca("redis", f"{tmp_path}/ca.pem")
    with open(f"{tmp_path}/empty.pem", "w"):
        pass
    for name in ("empty.pem", "none.pem"):
        with pytest.raises(InvalidAddress, match=rf"redis: ca='.*{name}' is not a file of certificates"):
            check_ca("redis", f"{tmp_path}/{name}")
