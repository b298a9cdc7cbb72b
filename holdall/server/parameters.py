"""Reads the parameters of a query string: each is known, and is given once, as percent-encoded UTF-8."""

from urllib.parse import parse_qsl

from holdall.extras import needs

with needs("server"):
    import falcon


def read_parameters(req: falcon.Request, *known: str) -> dict[str, str]:
    """Return the parameters of ``req``. Raises HTTPBadRequest, which lists the ``known`` ones, if one is not.

    It also raises it if a parameter is given twice or is not UTF-8.
    """
    try:
        pairs = parse_qsl(
            req.query_string, keep_blank_values=True, errors="strict", max_num_fields=2 * len(known) + 2
        )
    except ValueError:
        raise falcon.HTTPBadRequest(description="the query string is not percent-encoded UTF-8") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in known or name in found:
            raise falcon.HTTPBadRequest(
                description=f"a parameter is unknown or given twice; choose from {', '.join(known)}"
            )
        found[name] = value
    return found


def read_number(name: str, text: str, most: int) -> int:
    """Return the whole number in ``text``, from 1 to ``most``. Raises HTTPBadRequest if it is not one."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= number <= most:
        raise falcon.HTTPBadRequest(description=f"{name} is not a whole number from 1 to {most}")
    return number
