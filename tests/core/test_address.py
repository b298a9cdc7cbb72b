"""Addresses: what they say, what is refused with which remedy, and that no secret shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.address import Address, flag
from holdall.errors import InvalidAddress


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("memory://", Address("memory")),
        ("memory://name", Address("memory", host="name")),
        ("SQLITE:///books.db", Address("sqlite", path="/books.db")),
        ("sqlite:////var/books.db?table=t", Address("sqlite", path="//var/books.db", params={"table": "t"})),
        ("file:rel/a", Address("file", path="rel/a", slashes=False)),
        ("rel/a?b#c", Address("file", path="rel/a?b#c", slashes=False)),
        (r"C:\data", Address("file", path=r"C:\data", slashes=False)),
        ("s3://Acme/a%20b/é", Address("s3", host="Acme", path="/a b/é")),
        ("http://[::1]:80/x", Address("http", host="[::1]", port=80, path="/x")),
        ("shove+dbm://h/p?flag", Address("shove+dbm", host="h", path="/p", params={"flag": ""})),
        ("gs://u:p%40@b", Address("gs", host="b", userinfo="u:p@")),
        ("http://host:/x", Address("http", host="host", path="/x")),
        ("http://[::1]/x?at=a@b", Address("http", host="[::1]", path="/x", params={"at": "a@b"})),
        ("http://u:1@host:80/a@b", Address("http", host="host", port=80, path="/a@b", userinfo="u:1")),
    ],
)
def test_an_address_is_read(text: str, expected: Address) -> None:
    assert Address.parse(text) == expected


def test_options_override_parameters() -> None:
    address = Address.parse("s3://b?region=eu&timeout=1", timeout=3)
    assert dict(address.params) == {"region": "eu", "timeout": 3}
    assert dict(address.with_options(region="us").without("timeout").params) == {"region": "us"}


def test_engine_and_transport() -> None:
    assert (Address("shove+dbm").engine, Address("shove+dbm").transport) == ("shove", "dbm")
    assert (Address("s3").engine, Address("s3").transport) == ("s3", "")


_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=8)
_hosts = st.from_regex(r"[A-Za-z0-9.-]{1,8}", fullmatch=True)


@given(
    st.builds(
        Address,
        scheme=st.sampled_from(["s3", "file", "shove+dbm"]),
        host=_hosts,
        path=_text.map("/{}".format),
        params=st.dictionaries(st.sampled_from(["table", "region", "project", "prefix"]), _text, max_size=3),
        port=st.none() | st.integers(1, 65535),
    )
)
def test_an_address_shown_is_the_address_again(address: Address) -> None:
    assert "***" in repr(address) or Address.parse(repr(address)) == address


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("", "write for example"),
        ("s3_x://bucket", "begins with a scheme"),
        ("books.db", "write sqlite:///books.db or file:books.db"),
        ("/var/Büro 1/books.SQLite3", "write sqlite:////var/Büro 1/books.SQLite3 or file:/var"),
        (":memory:", "write sqlite:///:memory:"),
        ("sqlite:///a#b", "%23"),
        ("sqlite:///a#", "%23"),
        ("sqlite:///a\tb", "percent-encode"),
        ("memory://x?a=1&a=2", "keep one"),
        ("memory://x?" + "&".join(f"a{number}=1" for number in range(101)), "over 100 parameters"),
        ("http://host:port/", "percent-encode"),
        ("http://[::1/", "percent-encode"),
        ("s3://b/caf%E9", "UTF-8"),
        ("s3://b%ff", "UTF-8"),
        ("s3://u%ff@b", "UTF-8"),
        ("s3://b?region=%ff", "UTF-8"),
        ("books?serializer=%ff", "UTF-8"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_remedy(text: str, remedy: str) -> None:
    with pytest.raises(InvalidAddress) as refusal:
        Address.parse(text)
    assert remedy in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "redis://user:hunter2@host/0",
        "redis://user:hunter2/x@host/0",
        "redis://user:hunter2[@host/0",
        "redis://user:hunter2\uff0f@host/0",
        "redis://host:hunter2",
        "redis://user:7/hunter2@host/0",
        "redis://:7?hunter2@host/0",
        "redis://:/hunter2@host/0",
        "s3://bucket?secret_access_key=hunter2&session_token=hunter2",
        "s3://bucket?password=hunter2&password=hunter2",
        "azure://container?sas=hunter2#",
    ],
)
def test_secrets_are_hidden(text: str) -> None:
    try:
        shown = repr(Address.parse(text)) + str(Address.parse(text))
    except InvalidAddress as refusal:
        shown = repr(refusal) + str(vars(refusal)) + repr(refusal.__cause__)
    assert "hunter2" not in shown


def test_a_path_that_is_no_utf8_can_be_shown() -> None:
    assert str(Address.parse("./caf\udce9")) == "file:./caf%5Cudce9"
    assert str(Address.parse("s3://\udce9?region=\udce9")) == "s3://%5Cudce9?region=%5Cudce9"


def test_options_are_converted() -> None:
    address = Address.parse("xx://?a=7&b=on&c=full&d=text", e=None)
    converted = address.options(a=int, b=flag, c=("full", "os"), d=str, e=int)
    assert converted == {"a": 7, "b": True, "c": "full", "d": "text", "e": None}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("tabel=t", "did you mean 'table'"),
        ("timeout=soon", "timeout='soon' is not a whole number"),
        ("durability=none", "not one of full, os"),
        ("password=x", "has no parameter 'password'"),
        ("token=hunter2", "token=*** is not a whole number"),
    ],
)
def test_a_wrong_option_is_refused_by_name(query: str, message: str) -> None:
    with pytest.raises(InvalidAddress) as refusal:
        Address.parse(f"sqlite:///a?{query}").options(
            table=str, timeout=int, durability=("full", "os"), token=int
        )
    assert message in str(refusal.value)


def test_a_flag_is_yes_or_no() -> None:
    assert [flag(text) for text in ("1", "true", "Yes", "ON")] == [True] * 4
    assert [flag(text) for text in ("0", "False", "no", "off")] == [False] * 4
    with pytest.raises(ValueError, match="maybe"):
        flag("maybe")
