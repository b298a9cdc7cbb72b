"""Reads the parameters of a query string: each is known, and is given once, as percent-encoded UTF-8."""

from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from holdall.extras import needs
from holdall.redact import brief

with needs("server"):
    import falcon

_MOST: Final = 100


def read_parameters(req: falcon.Request, *known: str) -> dict[str, str]:
    """Return the parameters of ``req``. Raises HTTPBadRequest, which lists the ``known`` ones, if one is not.

    It also raises it if a parameter is given twice or is not UTF-8.
    """
    if not req.query_string:
        return {}
    try:
        pairs = parse_qsl(req.query_string, keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except ValueError:
        raise falcon.HTTPBadRequest(
            description=f"the query string is not percent-encoded UTF-8, or has over {_MOST} parameters"
        ) from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            names = f"choose from {', '.join(known)}" if known else "this request takes none"
            raise falcon.HTTPBadRequest(description=f"the parameter {brief(name)} is unknown; {names}")
        if name in found:
            raise falcon.HTTPBadRequest(description=f"the parameter {name} is given twice; give it once")
        found[name] = value
    return found


def refuse_together(given: dict[str, str], *names: str) -> None:
    """Raise HTTPBadRequest if more than one of the parameters ``names`` is in ``given``."""
    if sum(name in given for name in names) > 1:
        raise falcon.HTTPBadRequest(description=f"give only one of the parameters {', '.join(names)}")


def require(given: dict[str, str], name: str) -> str:
    """Return the parameter ``name``. Raises HTTPBadRequest if it is not in ``given``."""
    if name not in given:
        raise falcon.HTTPBadRequest(description=f"the parameter {name} is missing; give it")
    return given[name]


def read_number(name: str, text: str, most: int, least: int = 1) -> int:
    """Return the whole number in ``text``, from ``least`` to ``most``. Raises HTTPBadRequest if it is not one."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
    if not least <= number <= most:
        raise falcon.HTTPBadRequest(description=f"{name} is not a whole number from {least} to {most}")
    return number


def read_time(name: str, text: str) -> datetime:
    """Return the time in ``text``, in ISO 8601 with an offset. Raises HTTPBadRequest if it is not one."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise falcon.HTTPBadRequest(
            description=f"{name} is not a time with its offset; write it as in 2026-09-30T12:00:00Z, "
            "and percent-encode a + as %2B"
        )
    return time
