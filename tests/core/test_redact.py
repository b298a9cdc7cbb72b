"""No secret shows, however an address is mistyped; no message is longer than a screen."""

import re
import traceback

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

import holdall
from holdall import HoldallError, Invalid, InvalidAddress, InvalidKey, Memory
from holdall.address import Address
from holdall.errors import StoreFull
from holdall.redact import LONGEST, brief, without_logins
from holdall.registry import BUILT_IN

MARK = "hunter2"
SCHEMES = [
    *BUILT_IN,
    "fsspec+sftp",
    "fsspec+ftp",
    "shove+file",
    "shove+redis",
    "http",
    "https",
    "mongodb",
    "Redis",
]
LOGINS = [
    f":{MARK}",
    f"app:{MARK}",
    f"app:{MARK}:x",
    f":x/{MARK}",
    f":x?{MARK}",
    f":x#{MARK}",
    f"{MARK}:",
    f":x&{MARK}",
]
PARAMETERS = [
    "password={}",
    "pasword={}",
    "password=a&{}",
    "password=a&b={}",
    "password=a&b=1&{}=2",
    "password=a&{}&{}",
]

PATH = re.compile(r"(file|dbm|lmdb|diskcache|shelve|sqlitedict|zict):[^:]*@").match  # the name of a folder
USER = re.compile(rf"(mysql|postgresql|rediss?)://{MARK}:@").match  # the name of a user who has no password

_slashes = st.sampled_from(["", "/", "//", "///", "////"])
_hosts = st.sampled_from(["cache", "db.example", "127.0.0.1:1", "[::1]:1", "h:port", ""])
_paths = st.sampled_from(["", "/0", "/db", "/db/x", "/:memory:", "/a.db", "/a b"])
_by_login = st.builds(
    "{}{}{}{}@{}{}{}".format,
    st.sampled_from(SCHEMES),
    st.sampled_from([":", "", ":::", " :"]),
    _slashes,
    st.sampled_from(LOGINS),
    _hosts,
    _paths,
    st.sampled_from(["", "?table=t", "?timeout=soon", "?tabel=t", "?serializer=jsn", "?x", "#x"]),
)
_by_parameter = st.builds(
    lambda scheme, slashes, path, query: f"{scheme}:{slashes}{path}?{query.replace('{}', MARK)}",
    st.sampled_from(SCHEMES),
    st.sampled_from(["//", "//db.example", "/", ""]),
    _paths,
    st.sampled_from(PARAMETERS),
)


def shown_of(text: str) -> str:
    """All that holdall says of an address: the address as text, and the refusal or the store."""
    said = []
    try:
        said.append(str(Address.parse(text)))
        said.append(repr(holdall.open(text)))
    except (HoldallError, ValueError, ImportError) as error:
        said.append(repr(error))
        said.append(repr(vars(error)))
        chained = "".join(traceback.format_exception(error))
        said.append("\n".join(line for line in chained.splitlines() if not line.startswith("    ")))
    return "\n".join(said)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(_by_login | _by_parameter)
@example("redis:/:hunter2@cache/0")
@example("redis:hunter2@cache")
@example("redis:///hunter2@cache/0")
@example("redis://hun/hunter2@cache/0")
@example("redis//:hunter2@cache/0")
@example(":hunter2@cache/0")
@example("app:hunter2@cache")
@example("postgresql:/app:hunter2@db/x")
@example("postgresql://app:a#hunter2@db/x")
@example("fsspec+sftp:me:hunter2@127.0.0.1:1/x")
@example("sqlite:me:hunter2@h")
@example("sqlite:///me:hunter2@h")
@example("file://hun/hunter2@h")
@example("s3:/key:hunter2@bucket/a")
@example("s3://bucket/?endpoint_url=http://me:hunter2@minio.example")
@example("redis://cache/0?password=a&hunter2")
@example("redis://cache/0?hunter2")
@example("books?password=a&hunter2")
@example("memory://?cache=60s&near=redis:/:hunter2@cache/0")
def test_no_secret_of_a_mistyped_address_shows(text: str) -> None:
    assume(not PATH(text) and not USER(text) and MARK not in text.partition(":")[0])
    assert MARK not in shown_of(text)


@pytest.mark.parametrize(
    "text", ["postgresql:/app:hunter2@db/x", "redis:hunter2@db", "sqlite:/me:hunter2@db/x"]
)
def test_a_login_in_the_wrong_place_is_refused_with_the_remedy(text: str) -> None:
    assert MARK not in str(Address.parse(text))
    with pytest.raises(InvalidAddress, match="the login before '@' is not between '//' and a host"):
        holdall.open(text)


@pytest.mark.parametrize("path", ["me@home/books", "/srv/me@home/books", "/srv/a%3Ab%40c", "./me@home"])
def test_a_path_may_hold_an_at_sign(path: str) -> None:
    store = holdall.open(path if path.startswith(".") else f"file:{path}")
    assert type(store) is holdall.File
    assert ("***" in str(Address.parse(f"file:{path}"))) == ("%3A" in path)


def test_a_scheme_without_its_colon_is_no_folder() -> None:
    for text in ("redis//hunter2@cache/0", "redis//cache/0?password=hunter2", "redis/:hunter2@cache"):
        with pytest.raises(InvalidAddress, match="the address has '//' or a login and no scheme") as refusal:
            holdall.open(text)
        assert MARK not in str(refusal.value)


def test_an_unknown_parameter_is_named_only_if_it_is_no_part_of_a_secret() -> None:
    with pytest.raises(InvalidAddress, match="has no parameter 'colour'; "):
        holdall.open("memory://?colour=red")
    with pytest.raises(InvalidAddress, match="has no parameter 'serialiser'; did you mean 'serializer'"):
        holdall.open("redis://:a@cache/0?password=a&serialiser")
    with pytest.raises(
        InvalidAddress, match=r"an unknown parameter, .*; in a value write '&' as %26; choose from"
    ):
        holdall.open("redis://cache/0?password=a&colour=red")
    assert str(Address.parse("redis://cache/0?password=a&colour=red")) == "redis://cache/0?password=***&***"
    assert str(Address.parse("redis://cache/0?colour=red")) == "redis://cache/0?colour=***"


@given(st.text("ab:/@?&=' \n"))
def test_hiding_twice_is_hiding_once(text: str) -> None:
    once = without_logins(text)
    assert without_logins(once) == once
    assume("@" not in text and "=" not in text)
    assert once == text


def test_every_message_of_every_error_is_bounded_and_hides_logins() -> None:
    for kind in (HoldallError, *_below(HoldallError)):
        error = kind(f"redis://:{MARK}@cache/0 does not answer: " + "x" * 200_000 + "; try again")
        assert len(str(error)) == LONGEST
        assert MARK not in str(error)
        assert str(error).endswith("x; try again")


def _below(kind: type) -> list[type]:
    return [each for below in kind.__subclasses__() for each in (below, *_below(below))]


def test_a_large_value_is_shown_in_part() -> None:
    for value in ("x" * 5_000_000, b"x" * 5_000_000, ["x" * 5_000_000], 10**3000):
        assert len(brief(value)) == 120
    for key in ("k" * 5_000_000, b"k" * 5_000_000):
        with pytest.raises((InvalidKey, TypeError)) as refusal:
            Memory()[key]  # type: ignore[index]
        assert len(str(refusal.value)) < LONGEST
    with pytest.raises(Invalid) as refused:
        raise Invalid("not valid", errors={"number": "x"})
    assert str(refused.value) == "not valid"
    assert StoreFull("no room", key="k").key == "k"
