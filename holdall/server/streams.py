"""Ends a stream that must not go on, so that no client takes a part of it for all of it.

The last line of a stream of NDJSON that was cut off is ``{"problem": …}``, a problem as in `holdall.server.problems`.
Then the connection breaks, unless a server, such as granian before 2.8, ends the answer as if it were complete.
"""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any, Final

from holdall.errors import HoldallError
from holdall.extras import needs
from holdall.server.problems import describe, describe_http_error

with needs("server"):
    import falcon
    import msgspec

_LOOK: Final = 1  # seconds between two looks whether the sender may still read


def limit(
    parts: Generator[bytes, None, None], check: Callable[[], object], seconds: float
) -> Generator[bytes, None, None]:
    """Yield ``parts`` for at most ``seconds``. ``check`` is called now and then, and ends the stream if it raises."""
    began = looked = time.monotonic()
    with closing(parts):
        for part in parts:
            yield part
            now = time.monotonic()
            if now > began + seconds:
                raise falcon.HTTPServiceUnavailable(
                    description="the request took too long; go on after the last key"
                )
            if now > looked + _LOOK:
                looked = now
                check()


def cut(parts: Generator[bytes, None, None], check: Callable[[], object], seconds: float) -> Iterator[bytes]:
    """Yield ``parts``, lines of NDJSON, as `limit` does."""
    try:
        yield from limit(parts, check, seconds)
    except Exception as error:
        yield msgspec.json.encode({"problem": _problem(error)}) + b"\n"
        raise


def _problem(error: Exception) -> dict[str, Any]:
    if isinstance(error, HoldallError):
        return describe(error)
    return describe_http_error(
        error if isinstance(error, falcon.HTTPError) else falcon.HTTPInternalServerError()
    )
