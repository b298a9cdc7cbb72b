"""Shows calls, addresses and messages without the secrets in them, and within bounds."""

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
    """Whether an option or query parameter of this name is taken for a secret.

    >>> [is_secret(name) for name in ("password", "account_key", "table", "sas_token")]
    [True, True, False, True]
    """
    return _secret(name) is not None


# Possessive, so that no text takes longer than its length.
_words = re.compile(r"""[^\s'"<>]++""")
_scheme = re.compile(r"(?:[\w.]*+[=(\[,])?[A-Za-z][\w+.-]*+:/*+").match
_parameter = re.compile(r"""([?&]([^\s'"=&?]++)=)[^\s'"&]++""")


def without_logins(text: str) -> str:
    """``text`` with each login of an address hidden, and each parameter of an address that is a secret.

    What stands before an ``@`` is a login if there is a colon in it.

    >>> without_logins("No such command 'redis:/:hunter2@cache/0?token=abc'.")
    "No such command 'redis:/***@cache/0?token=***'."
    >>> without_logins("no such key: 'ann@example.org'")
    "no such key: 'ann@example.org'"
    """
    if "@" in text:
        text = _words.sub(_hide_login, text)
    return _parameter.sub(_hide_secret, text) if "=" in text else text


def _hide_login(found: re.Match[str]) -> str:
    """The word without its login; its scheme is shown, because it is not a secret."""
    before, _, after = found[0].rpartition("@")
    if ":" not in before:
        return found[0]
    scheme = _scheme(before)
    return f"{scheme[0] if scheme else ''}{HIDDEN}@{after}"


def _hide_secret(found: re.Match[str]) -> str:
    return f"{found[1]}{HIDDEN}" if is_secret(found[2]) else found[0]


def message(text: str) -> str:
    """``text`` as a message may show it: without logins, and cut in the middle if it is over LONGEST characters.

    >>> len(message("invoice " + "7" * 20_000_000 + " is not valid"))
    2000
    """
    return shortened(without_logins(shortened(text, _SEARCHED)), LONGEST)


def brief(value: object) -> str:
    """The repr of ``value``, cut in the middle if it is long.

    >>> brief("a"), len(brief("a" * 1_000_000))
    ("'a'", 120)
    """
    if isinstance(value, str):  # the repr of a large value takes a while
        value = _ends(value)
    if isinstance(value, bytes):
        value = _ends(value)
    try:
        return shortened(repr(value), _BRIEF)
    except ValueError:  # Python writes no number of over 4,300 digits
        return f"a large {type(value).__name__}"


def _ends(text: AnyStr) -> AnyStr:
    return text if len(text) <= 2 * _BRIEF else text[:_BRIEF] + text[-_BRIEF:]


def shortened(text: str, most: int) -> str:
    """``text``, or its beginning and its end around an ellipsis, ``most`` characters together.

    >>> shortened("abcdefgh", 6)
    'abc…gh'
    """
    if len(text) <= most:
        return text
    end = (most - 1) // 2
    return f"{text[: most - 1 - end]}…{text[-end:]}"


def without_secrets(name: str, value: Any) -> Any:
    """The ``value`` of an option of this name, hidden where it is a secret; of a dict, what in it is one.

    >>> without_secrets("options", {"host": "h", "login": {"password": "hunter2"}})
    {'host': 'h', 'login': {'password': '***'}}
    """
    if is_secret(name):
        return HIDDEN
    if isinstance(value, dict):
        return {inner: without_secrets(str(inner), held) for inner, held in value.items()}
    return value


def shown_value(name: str, value: Any) -> str:
    """The ``value`` of a query parameter as text, hidden where it is a secret or may be one.

    The parameters that say where keys are may by mistake hold a key.

    >>> shown_value("table", "t"), shown_value("encrypt", "env:KEY"), shown_value("encrypt", "hunter2")
    ('t', 'env:KEY', '***')
    """
    misplaced = name in SOURCED and not str(value).startswith(SOURCES)
    return HIDDEN if misplaced else without_logins(str(without_secrets(name, value)))


SOURCED = ("encrypt", "sign")
SOURCES = ("env:", "file:")
"""What the address of a secret begins with, and the secret itself does not."""


def shown_call(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """The call ``name(*args, **kwargs)`` as source, with secrets hidden.

    >>> shown_call("Books", ("a", 1), {"table": "t", "password": "hunter2"})
    "Books('a', 1, table='t', password='***')"
    """
    parts = [_shown(arg) for arg in args]
    parts += [f"{option}={_shown(without_secrets(option, value))}" for option, value in kwargs.items()]
    return without_logins(f"{name}({', '.join(parts)})")


def _shown(value: Any) -> str:
    if isinstance(value, partial):  # its arguments have no names, and one may be a key
        return f"partial({_shown(value.func)}, ...)"
    return value.__name__ if isinstance(value, type) else repr(value)
