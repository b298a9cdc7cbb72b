"""The throttle: it limits how many requests a sender makes, and how many bodies are in memory."""

from holdall.extras import needs
from holdall.server.bucket import Buckets
from holdall.server.limits import Limits
from holdall.server.receiving import Room

with needs("server"):
    import falcon


class Throttle:
    """Middleware of falcon, below the guard, which tells it who sent the request."""

    def __init__(self, limits: Limits) -> None:
        self._buckets = Buckets(limits.rate) if limits.rate else None
        self._room = Room(limits.bodies * limits.body, limits.body)

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Count ``req``, and take room for its body. Raises an HTTPError if it must wait."""
        if self._buckets:
            access = req.context.access
            sender = f"token {access.name}" if access.name else f"address {req.env.get('REMOTE_ADDR', '')}"
            seconds = self._buckets.take(sender)
            if seconds:
                raise falcon.HTTPTooManyRequests(
                    description="too many requests; wait as Retry-After says", retry_after=seconds
                )
        if "last" in req.context and (size := _size(req)):  # the body of a read is not read
            req.context.last.enter_context(self._room.take(size))


def _size(req: falcon.Request) -> int:
    """Return the bytes of the body of ``req``, or a large number if they are not known, as in a chunked body."""
    given = req.env.get("CONTENT_LENGTH") or ("" if "HTTP_TRANSFER_ENCODING" in req.env else "0")
    return int(given) if given.isdigit() and len(given) < 20 else 1 << 62
