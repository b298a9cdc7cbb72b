"""A parsed address (URI) of a store; it never shows a secret.

    address  = scheme ":" [ "//" [ userinfo "@" ] host [ ":" port ] ] path [ "?" parameters ]
             | name [ "?" parameters ]
             | path
    scheme   = engine [ "+" transport ]
    name     = 1*( letter | digit | "_" | "-" )

Path, userinfo and parameters are percent-decoded (RFC 3986). If an address has too few or too many slashes
before a login, the login is still parsed as userinfo, so that it is hidden; no store opens such an address.
In a path with a colon, write ``@`` as ``%40``.

If a string without a scheme is one word, it is the name of a store in a configuration file. Any other string
without a scheme is a path of the file system and is not decoded. Write ``./books`` or ``file:books`` for the
folder ``books`` in the current folder. A path without a scheme is refused if it has the suffix of a database
(``books.db``), because it may mean a database or a folder.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, Self
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from holdall.errors import InvalidAddress
from holdall.redact import HIDDEN, SOURCED, brief, format_value, is_secret, without_logins

_scheme = re.compile(r"([A-Za-z][A-Za-z0-9.+-]+):").match

_named = re.compile(r"([A-Za-z0-9_-]+)(?:\?(.*))?", re.DOTALL).fullmatch

_quoted = partial(quote, errors="backslashreplace")  # a path of the file system may not be UTF-8
_database = re.compile(r".*\.(?:db|sqlite3?)|:memory:", re.DOTALL | re.IGNORECASE).fullmatch

_word = re.compile(r"[A-Za-z_][\w.-]*").fullmatch
_slashed = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*//").match
_control = re.compile(r"[\x00-\x1f\x7f]").search
_MOST_PARAMETERS = 100

LAYERED: Final = (
    *("readonly", "history", "manifest", "validate", "serializer", "type", "max_size", "trust", "sign"),
    *("expires", "compress", "level", "dictionary", "encrypt", "context", "bound", "checksum"),
    *("cache", "near", "items", "size", "misses", "metrics", "budget"),
    *("replica", "acks", "stale", "read_timeout", "outbox", "deliver"),
)
"""The parameters that put layers on a store of any scheme. See `holdall.configuration.table`."""

_KNOWN: Final = frozenset(
    {
        *LAYERED,
        *("table", "timeout", "durability", "flavor", "map_size", "retries", "create", "prefix", "project"),
        *("region", "profile", "endpoint_url", "addressing", "transport", "listing", "flush_interval"),
        *("values", "protocol", "ca", "tls", "escape", "anon", "content_type", "cache_control", "feed"),
    }
)
"""The parameters whose values are shown. The value of any other parameter may be a secret."""

_FROM_HERE: Final = frozenset({"file", "dbm", "lmdb", "diskcache", "shelve", "sqlitedict", "zict"})
_FROM_ROOT: Final = frozenset({*_FROM_HERE, "local", "sqlite", "lite"})
"""Schemes and transports of stores on this machine: `_FROM_HERE` also takes relative paths, `_FROM_ROOT`
absolute ones. These paths may contain an ``@``."""

ADDRESSES: Final = ("near", "replica", "outbox")
"""The parameters whose values are addresses themselves."""

_SEVERAL: Final = "replica"  # the parameter that may be given several times; its value is a tuple

COMPRESSIONS: Final = ("zstd", "gzip", "lzma")
"""The layers that ``compress`` names."""

Converter = Callable[[str], Any] | tuple[str, ...]
"""A function that converts the text of an option to its value (and raises ValueError if it cannot), or a list
of the valid texts."""


@dataclass(frozen=True, repr=False)
class Address:
    """The place of a store and its parameters.

    >>> address = Address.parse("s3://acme/invoices?region=eu-west-1", timeout=3)
    >>> address.scheme, address.host, address.path, dict(address.params)
    ('s3', 'acme', '/invoices', {'region': 'eu-west-1', 'timeout': 3})
    >>> Address.parse("redis://:hunter2@db.example/0?token=abc")
    redis://***@db.example/0?token=***
    """

    scheme: str
    host: str = ""
    path: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    userinfo: str = ""
    port: int | None = None
    slashes: bool = True

    @classmethod
    def parse(cls, text: str, /, **options: Any) -> Self:
        """Return the address in ``text``. ``options`` override its parameters.

        Raises InvalidAddress, with a remedy, if ``text`` is not a valid address.
        """
        if not text:
            raise InvalidAddress("the address is empty; write for example sqlite:///books.db")
        if not _scheme(text):
            return cls._without_scheme(text, options)
        parts, port = _split(text)
        if parts.fragment or text.endswith("#"):
            raise InvalidAddress(f"{scheme_of(text)}: the address contains a '#'; write it as %23")
        userinfo, _, host = parts.netloc.rpartition("@")
        path = parts.path
        if not parts.netloc and _holds_login(parts.scheme, path):
            userinfo, _, path = path.rpartition("@")
        return cls(
            scheme=parts.scheme,
            host=unquote(host.removesuffix(":") if port is None else host.rpartition(":")[0]),
            path=unquote(path),
            params=parameters(parts.query) | options,
            userinfo=unquote(userinfo),
            port=port,
            slashes=text[len(parts.scheme) + 1 :].startswith("//"),
        )

    @classmethod
    def _without_scheme(cls, text: str, options: dict[str, Any]) -> Self:
        if found := _named(text):
            _check_encoding(text)
            return cls("", host=found[1], params=parameters(found[2] or "") | options, slashes=False)
        return cls("file", path=_path(text), params=options, slashes=False)

    @property
    def name(self) -> str:
        """The name of a store in a configuration file, or empty if the address has a scheme.

        Without a scheme, `host` holds the name.

        >>> Address.parse("books?readonly=1").name, Address.parse("./books").name
        ('books', '')
        """
        return "" if self.scheme else self.host

    @property
    def engine(self) -> str:
        """The scheme before a ``+``."""
        return self.scheme.partition("+")[0]

    @property
    def transport(self) -> str:
        """The scheme after a ``+``, or empty."""
        return self.scheme.partition("+")[2]

    @property
    def layered(self) -> tuple[str, ...]:
        """The parameters that put layers on the store.

        For a Shove store, ``compress`` puts a layer on the store only if it names a layer. Otherwise it is
        Shove's own parameter: a level, or yes or no.

        >>> Address.parse("shove+file:///a?compress=9&cache=60s").layered
        ('cache',)
        """
        own = self.engine == "shove" and self.params.get("compress") not in (None, *COMPRESSIONS)
        return tuple(name for name in self.params if name in LAYERED and not (own and name == "compress"))

    def options(self, **converters: Converter) -> dict[str, Any]:
        """Return the parameters of this address, each converted by its converter.

        A value that is not a str (an option given in Python) is not converted. Raises InvalidAddress if a
        parameter has no converter, or if its value cannot be converted.

        >>> Address.parse("sqlite:///a.db?table=t").options(table=str, durability=("full", "os"))
        {'table': 't'}
        >>> Address.parse("sqlite:///a.db?tabel=t").options(table=str)
        Traceback (most recent call last):
          ...
        holdall.errors.InvalidAddress: sqlite: has no parameter 'tabel'; did you mean 'table'?
        """
        found = {}
        for name, value in self.params.items():
            if name not in converters:
                raise InvalidAddress(f"{self.lead} has {self._unknown(name, converters)}")
            found[name] = self._convert(name, value, converters[name])
        return found

    def _convert(self, name: str, value: Any, converter: Converter) -> Any:
        shown = HIDDEN if is_secret(name) else without_logins(brief(value))
        if isinstance(converter, tuple):
            if value not in converter:
                raise InvalidAddress(f"{self.lead} {name}={shown} is not one of {', '.join(converter)}")
            return value
        if not isinstance(value, str):
            return value
        try:
            return converter(value)
        except InvalidAddress as error:
            raise InvalidAddress(f"{self.lead} {name}={error}") from error
        except ValueError:
            expected = _EXPECTED.get(converter, "a valid value")
            raise InvalidAddress(f"{self.lead} {name}={shown} is not {expected}") from None

    def _unknown(self, name: str, converters: Iterable[str]) -> str:
        remedy = _remedy(name, converters)
        if _word(name) and (remedy.startswith("did") or not self._may_be_secret(name)):
            return f"no parameter {brief(name)}; {remedy}"
        return (
            "an unknown parameter, which may be a part of a password; in a value write '&' as %26; " + remedy
        )

    def _may_be_secret(self, name: str) -> bool:
        """Return whether the name of a parameter may be a part of a password that contains ``&`` or ``?``."""
        if name in _KNOWN or (is_secret(name) and _word(name)):
            return False
        value = self.params[name]
        odd = not _word(name) or value == "" or "@" in str(value)
        return odd or any(is_secret(each) or each in SOURCED for each in self.params)

    def require_login_in_place(self) -> None:
        """Raise InvalidAddress if the login is not between ``//`` and a host."""
        if self.userinfo and not self.host:
            raise InvalidAddress(
                f"{self.lead} the login before '@' is not between '//' and a host; move it there, or in a path "
                "write '@' as %40"
            )

    @property
    def lead(self) -> str:
        """The beginning of an error about this address: its scheme, or its name in quotes."""
        return f"{self.scheme}:" if self.scheme else f"{self.host!r}:"

    def with_options(self, **options: Any) -> "Address":
        """Return this address with ``options``, which replace parameters of the same name."""
        return replace(self, params={**self.params, **options})

    def without(self, *names: str) -> "Address":
        """Return this address without the parameters ``names``."""
        return replace(self, params={n: v for n, v in self.params.items() if n not in names})

    def __str__(self) -> str:
        netloc = f"{HIDDEN}@" if self.userinfo else ""
        netloc += _quoted(self.host, safe="[]:")
        netloc += "" if self.port is None else f":{self.port}"
        query = "&".join(self._format(*each) for each in _each(self.params))
        lead = f"{self.scheme}:{'//' if self.slashes else ''}" if self.scheme else ""
        return f"{lead}{netloc}{_quoted(self.shown_path, safe='/*@')}{'?' + query if query else ''}"

    @property
    def shown_path(self) -> str:
        """The path with its login hidden. In the address of a server, all text before ``@`` is a login."""
        if self.host or _holds_login(self.scheme, self.path):
            _, at, rest = self.path.rpartition("@")
            return f"/{HIDDEN}@{rest}" if at else self.path
        return self.path

    def _format(self, name: str, value: Any) -> str:
        if self._may_be_secret(name):
            return HIDDEN
        return f"{_quoted(name)}={_quoted(format_parameter(name, value), safe='/:*')}"

    __repr__ = __str__


def _each(params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each parameter with its value, and one with several values as often."""
    for name, value in params.items():
        for one in value if isinstance(value, list | tuple) else [value]:
            yield name, one


def format_parameter(name: str, value: Any) -> str:
    """Return the ``value`` of a parameter as text, without secrets.

    A value that may be a secret is hidden. If the value is an address, the secrets in it are hidden.

    >>> format_parameter("near", "redis://:hunter2@cache.example/0"), format_parameter("table", "t")
    ('redis://***@cache.example/0', 't')
    """
    if name not in _KNOWN:
        return HIDDEN
    if isinstance(value, list | tuple):
        return ", ".join(format_parameter(name, each) for each in value)
    if name not in ADDRESSES or not isinstance(value, str):
        return format_value(name, value)
    try:
        return str(Address.parse(value))
    except InvalidAddress:
        return HIDDEN


def scheme_of(text: str) -> str:
    """Return the scheme of an address, or empty. It is the part that is safe to show before parsing."""
    found = _scheme(text)
    return found[1].lower() if found else ""


def suggest(name: str, known: Iterable[str]) -> str:
    """Return the remedy for a mistyped ``name``.

    >>> suggest("sqlit", ["sqlite", "file"]), suggest("zzz", ["sqlite", "file"]), suggest("x", [])
    ("did you mean 'sqlite'?", 'choose from file, sqlite', 'it takes none')
    """
    import difflib  # late, so that only a mistake costs the time of this import

    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"choose from {', '.join(names)}" if names else "it takes none"


def _remedy(name: str, converters: Iterable[str]) -> str:
    remedy = suggest(name, {*converters, *LAYERED})
    listed = f"{suggest(name, converters)}; layers take {', '.join(sorted(LAYERED))}"
    return remedy if remedy.startswith("did") else listed


def flag(text: str) -> bool:
    """Return the bool for a yes or no in an address: ``1 true yes on`` or ``0 false no off``.

    Raises ValueError for any other text.
    """
    lowered = text.lower()
    if lowered in ("1", "true", "yes", "on"):
        return True
    if lowered in ("0", "false", "no", "off"):
        return False
    raise ValueError(text)


_EXPECTED: Final[dict[Converter, str]] = {
    int: "a whole number",
    float: "a number",
    flag: "yes or no; write on or off",
}
"""Words for the texts that a converter accepts. A converter that raises InvalidAddress words its own error."""


def _holds_login(scheme: str, path: str) -> bool:
    """Return whether a path without a host contains a login.

    A login has an ``@`` after it. In the path of a store on this machine, it must also contain a colon.
    """
    before, at, _ = path.rpartition("@")
    local = scheme in _FROM_HERE or (path.startswith("/") and scheme.rpartition("+")[2] in _FROM_ROOT)
    return bool(at) and (":" in before or not local)


def _path(text: str) -> str:
    if _holds_login("file", text) or _slashed(text):
        raise InvalidAddress(
            "the address has '//' or a login and no scheme with a colon before it; write one, as in redis://, or "
            "give a path as a pathlib.Path"
        )
    if "://" in text:
        raise InvalidAddress(
            "an address begins with a scheme of letters, digits, '+', '-' and '.', as in s3://"
        )
    if _database(text):
        raise InvalidAddress(f"{text!r} may be a database or a folder; write sqlite:///{text} or file:{text}")
    return text


def _split(text: str) -> tuple[SplitResult, int | None]:
    # urlsplit drops some control characters, and its own messages quote text that may be a password.
    if _control(text):
        raise InvalidAddress(
            f"{scheme_of(text)}: the address contains a control character; percent-encode it"
        )
    _check_encoding(text)
    try:
        parts = urlsplit(text)
        if _cuts_login(parts):
            raise ValueError
        return parts, parts.port
    except ValueError:
        remedy = "percent-encode special characters: in a name or password '/' as %2F and '[' as %5B, else '@' as %40"
        raise InvalidAddress(f"{scheme_of(text)}: host or port cannot be read; {remedy}") from None


def _cuts_login(parts: SplitResult) -> bool:
    """Return whether the parsed host and port may be a login that was cut at a '/' or '?' in its password."""
    port = ":" in parts.netloc.rpartition("]")[2]
    return port and "@" not in parts.netloc and "@" in parts.path + parts.query


def _check_encoding(text: str) -> None:
    try:
        unquote(text, errors="strict")
    except UnicodeDecodeError:
        remedy = "percent-encode UTF-8, or give a path that is not UTF-8 as a pathlib.Path"
        raise InvalidAddress(f"the percent-encoded bytes of the address are not UTF-8; {remedy}") from None


def parameters(query: str) -> dict[str, Any]:
    """Return the parameters in ``query``, percent-decoded. The value of ``replica`` is a tuple of texts.

    Raises InvalidAddress if another one is given twice.

    >>> parameters("compress=zstd&replica=file:a&replica=file:b")
    {'compress': 'zstd', 'replica': ('file:a', 'file:b')}
    """
    params: dict[str, Any] = {}
    if query.count("&") >= _MOST_PARAMETERS:
        raise InvalidAddress(f"the address has over {_MOST_PARAMETERS} parameters; remove some")
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name == _SEVERAL:
            params[name] = (*params.get(name, ()), value)
            continue
        if name in params:
            which = brief(name) if name in _KNOWN or is_secret(name) else HIDDEN
            raise InvalidAddress(f"the parameter {which} is given twice; keep one, and write '&' as %26")
        params[name] = value
    return params
