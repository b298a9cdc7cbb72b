"""Values of bytes as files: a part is read, and a long body is written, in bounded memory.

The store must have STREAMS and RANGES.
"""

from typing import Final

from holdall.errors import Conflict
from holdall.extras import needs
from holdall.files import ValueReader
from holdall.server.bodies import Body
from holdall.server.etags import Conditions, failed
from holdall.server.representation import BytesRepresentation
from holdall.server.stores import Served
from holdall.store import ABSENT, Feature, Tag

with needs("server"):
    import falcon

_SHORT: Final = 1 << 20  # bytes of a body that is written as other values are


def _has_files(served: Served) -> bool:
    # Without RANGES, parts are read from whole values, so larger values must not be written.
    needed = Feature.STREAMS | Feature.RANGES | Feature.TAGS
    return isinstance(served.representation, BytesRepresentation) and needed in served.store.features


def open_part(req: falcon.Request, served: Served, key: str) -> ValueReader | None:
    """Return a file that reads the value of ``key``, if ``req`` asks for a part of it, or only for its size.

    Return None if the store has no such file, or does not tell the tag of the value that it reads.
    """
    if not (req.method == "HEAD" or "HTTP_RANGE" in req.env) or not _has_files(served):
        return None
    file: object = served.store.open(key)
    return file if isinstance(file, ValueReader) and file.tag is not None else None


def takes(served: Served, body: Body, conditions: Conditions) -> bool:
    """Return whether ``body`` is to be written as a file.

    A body can be read only once, so ``conditions`` must name the one tag that is expected, or none.
    """
    is_long = body.length is None or body.length > _SHORT
    decided = conditions.expected is not None or not conditions.given
    return is_long and decided and _has_files(served)


def write(served: Served, key: str, body: Body, conditions: Conditions) -> tuple[bool, Tag]:
    """Write ``body`` as the value of ``key``. Return whether the key was missing, and the new tag if it is known.

    If the body ends early, the key keeps its value. Without conditions, whether the key was missing is looked up
    before the write.
    """
    expected = conditions.expected
    created = (served.store.tag(key) if expected is None else expected) == ABSENT
    try:
        with served.store.open(key, "wb", expected=expected) as file:
            for part in body.parts:
                file.write(part)
    except Conflict:
        raise failed() from None
    return created, file.tag or ABSENT
