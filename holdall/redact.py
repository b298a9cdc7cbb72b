"""Shows calls, addresses and messages without the secrets in them, and with a limited length."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, AnyStr, Final

HIDDEN = "***"
LONGEST: Final = 2_000  # characters of a message
_SEARCHED: Final = 1 << 17  # characters of a message, before it is cut to its length
_BRIEF: Final = 120  # characters of a value in a message
_secret = re.compile(
    r"pass|pwd|secret|token|key$|key_id|connection_string|credential|signature|sas|auth", re.IGNORECASE
).search


def is_secret(name: str) -> bool:
    """Return whether an option or query parameter of this name is treated as a secret.

    >>> [is_secret(name) for name in ("password", "account_key", "table", "sas_token")]
    [True, True, False, True]
    """
    return _secret(name) is not None


# The quantifiers are possessive, so that the time is linear in the length of the text.
_words = re.compile(r"""[^\s'"<>]++""")
_scheme = re.compile(r"(?:[\w.]*+[=(\[,])?[A-Za-z][\w+.-]*+:/*+").match
_parameter = re.compile(r"""([?&]([^\s'"=&?]++)=)[^\s'"&]++""")


def without_logins(text: str) -> str:
    """Return ``text`` with each login and each secret parameter of an address hidden.

    Text before an ``@`` is a login if it contains a colon.

    >>> without_logins("No such command 'redis:/:hunter2@cache/0?token=abc'.")
    "No such command 'redis:/***@cache/0?token=***'."
    >>> without_logins("no such key: 'ann@example.org'")
    "no such key: 'ann@example.org'"
    """
    if "@" in text:
        text = _words.sub(_hide_login, text)
    return _parameter.sub(_hide_secret, text) if "=" in text else text


def _hide_login(found: re.Match[str]) -> str:
    """Return the word without its login. Its scheme is shown, because the scheme is not a secret."""
    before, _, after = found[0].rpartition("@")
    if ":" not in before:
        return found[0]
    scheme = _scheme(before)
    return f"{scheme[0] if scheme else ''}{HIDDEN}@{after}"


def _hide_secret(found: re.Match[str]) -> str:
    return f"{found[1]}{HIDDEN}" if is_secret(found[2]) else found[0]


def message(text: str) -> str:
    """Return ``text`` for a message: without logins, and cut in the middle if it is longer than LONGEST.

    >>> len(message("invoice " + "7" * 20_000_000 + " is not valid"))
    2000
    """
    return shorten(without_logins(shorten(text, _SEARCHED)), LONGEST)


def brief(value: object) -> str:
    """Return the repr of ``value``, cut in the middle if it is long.

    >>> brief("a"), len(brief("a" * 1_000_000))
    ("'a'", 120)
    """
    if isinstance(value, str):  # the repr of a large value is slow
        value = _ends(value)
    if isinstance(value, bytes):
        value = _ends(value)
    try:
        return shorten(repr(value), _BRIEF)
    except ValueError:  # Python refuses to write a number with more than 4,300 digits
        return f"a large {type(value).__name__}"


def _ends(text: AnyStr) -> AnyStr:
    return text if len(text) <= 2 * _BRIEF else text[:_BRIEF] + text[-_BRIEF:]


def shorten(text: str, most: int) -> str:
    """Return ``text``, or its beginning, an ellipsis and its end, ``most`` characters in total.

    >>> shorten("abcdefgh", 6)
    'abc…gh'
    """
    if len(text) <= most:
        return text
    end = (most - 1) // 2
    return f"{text[: most - 1 - end]}…{text[-end:]}"


def without_secrets(name: str, value: Any) -> Any:
    """Return the ``value`` of an option of this name, hidden if it is a secret. Hide each secret in a dict.

    >>> without_secrets("options", {"host": "h", "login": {"password": "hunter2"}})
    {'host': 'h', 'login': {'password': '***'}}
    """
    if is_secret(name):
        return HIDDEN
    if isinstance(value, dict):
        return {inner: without_secrets(str(inner), held) for inner, held in value.items()}
    return value


def format_value(name: str, value: Any) -> str:
    """Return the ``value`` of a query parameter as text, hidden if it is a secret or may be one.

    A parameter that should name the place of a key may contain the key itself by mistake.

    >>> format_value("table", "t"), format_value("encrypt", "env:KEY"), format_value("encrypt", "hunter2")
    ('t', 'env:KEY', '***')
    """
    misplaced = name in SOURCED and not str(value).startswith(SOURCES)
    return HIDDEN if misplaced else without_logins(str(without_secrets(name, value)))


SOURCED = ("encrypt", "sign")
SOURCES = ("env:", "file:")
"""The address of a secret begins with one of these; the secret itself does not."""


def format_call(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """Return the call ``name(*args, **kwargs)`` as source code, with secrets hidden.

    >>> format_call("Books", ("a", 1), {"table": "t", "password": "hunter2"})
    "Books('a', 1, table='t', password='***')"
    """
    parts = [_format(arg) for arg in args]
    parts += [f"{option}={_format(without_secrets(option, value))}" for option, value in kwargs.items()]
    return without_logins(f"{name}({', '.join(parts)})")


def _format(value: Any) -> str:
    if isinstance(value, partial):  # its arguments have no names, so one may be a secret key
        return f"partial({_format(value.func)}, ...)"
    return value.__name__ if isinstance(value, type) else repr(value)
