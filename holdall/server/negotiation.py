"""Content negotiation (RFC 9110, section 12): the media type that a client prefers."""

from holdall.extras import needs

with needs("server"):
    import falcon
    from falcon import mediatypes


def prefer(req: falcon.Request, *media_types: str) -> str:
    """Return the one of ``media_types`` that the client of ``req`` prefers, or nothing if it accepts none.

    Upper and lower case are the same in a header Accept. A header that is not valid accepts nothing.
    """
    try:
        return mediatypes.best_match(media_types, req.accept.lower())
    except ValueError:
        return ""
