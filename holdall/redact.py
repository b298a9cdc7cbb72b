"""How calls and addresses are shown: never with a secret in them."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

HIDDEN = "***"
_secret = re.compile(
    r"pass|pwd|secret|token|key$|key_id|connection_string|credential|signature|sas|auth", re.IGNORECASE
).search


def is_secret(name: str) -> bool:
    """Whether an option or query parameter of this name is taken for a secret.

    >>> [is_secret(name) for name in ("password", "account_key", "table", "sas_token")]
    [True, True, False, True]
    """
    return _secret(name) is not None


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
    misplaced = name in _SOURCED and not str(value).startswith(SOURCES)
    return HIDDEN if misplaced else str(without_secrets(name, value))


_SOURCED = ("encrypt", "sign")
SOURCES = ("env:", "file:")
"""What the address of a secret begins with, and the secret itself does not."""


def shown_call(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """The call ``name(*args, **kwargs)`` as source, with secrets hidden.

    >>> shown_call("Books", ("a", 1), {"table": "t", "password": "hunter2"})
    "Books('a', 1, table='t', password='***')"
    """
    parts = [_shown(arg) for arg in args]
    parts += [f"{option}={_shown(without_secrets(option, value))}" for option, value in kwargs.items()]
    return f"{name}({', '.join(parts)})"


def _shown(value: Any) -> str:
    if isinstance(value, partial):  # its arguments have no names, and one may be a key
        return f"partial({_shown(value.func)}, ...)"
    return value.__name__ if isinstance(value, type) else repr(value)
