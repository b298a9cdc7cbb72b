"""The note of a write: its author is the name of the token, and the header ``Holdall-Message`` its message.

The message is percent-encoded UTF-8, because a header holds ASCII.
"""

from contextlib import AbstractContextManager
from urllib.parse import unquote

from holdall.errors import TooLarge
from holdall.extras import needs
from holdall.history import NOTE_BYTES, Note, note
from holdall.server.access import Access

with needs("server"):
    import falcon


def note_of(req: falcon.Request, access: Access) -> AbstractContextManager[None]:
    """Return the context in which the writes of ``req`` have their author and message.

    Raises HTTPBadRequest if the message is not percent-encoded UTF-8, and HTTPRequestHeaderFieldsTooLarge if
    it is too long.
    """
    given = req.env.get("HTTP_HOLDALL_MESSAGE")
    if given is None:
        return note(author=access.name or None)
    try:
        message = unquote(given.encode("latin-1").decode("ascii"), errors="strict")
    except ValueError:
        raise falcon.HTTPBadRequest(
            description="the header Holdall-Message is not percent-encoded UTF-8"
        ) from None
    try:
        Note(access.name, message).encoded  # noqa: B018 - it checks the length
    except TooLarge:
        raise falcon.HTTPRequestHeaderFieldsTooLarge(
            description=f"author and message have over {NOTE_BYTES:,} bytes; shorten the message"
        ) from None
    return note(author=access.name or None, message=message)
