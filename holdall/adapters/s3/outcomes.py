"""The outcomes of a request of obstore that failed: a refusal, as the boto3 client reports it, or undecided.

obstore reports the answer of the server only in the text of its error.
"""

import re
from typing import Any, NamedTuple

from holdall.adapters.s3.observed import OPERATIONS
from holdall.extras import needs

with needs("s3"):
    from botocore.exceptions import ClientError

_DEFINITE = {(404, "NoSuchKey"), (412, "PreconditionFailed"), (416, "InvalidRange")}
_refusal = re.compile(
    r"Error performing [A-Z]+ \S+ in \S+ - Server returned non-2xx status code: (\d{3})[^:]*: (.*?)\n\nDebug source:",
    re.DOTALL,
).match
_code = re.compile(r"<Code>([^<]*)</Code>").search


class Undecided(NamedTuple):
    """A request got no answer (``status`` is 0), or one that only the boto3 client can judge."""

    status: int

    @property
    def may_have_taken_effect(self) -> bool:
        """Whether the server may have carried out the request."""
        return self.status < 400 or self.status >= 500


class _NotOfS3(Exception):
    """An answer with status 200 lacks the ETag."""


def require_etag(found: str | None) -> str:
    """Return ``found``, the ETag of an answer, which S3 always sends."""
    if found is None:
        raise _NotOfS3
    return found


def judge(error: Exception, operation: str, name: str) -> ClientError | Undecided:
    """The error that the boto3 client would raise, if the server refused the request in a known way."""
    if isinstance(error, _NotOfS3):
        return Undecided(200)
    status, body = _read(str(error), name)
    found = _code(body)
    code = found[1] if found else ""
    if status == 404 and operation == "head_object":  # the answer to HEAD has no body
        code = "404"
    elif (status, code) not in _DEFINITE:
        return Undecided(status)
    response: Any = {
        "Error": {"Code": code, "Message": ""},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, OPERATIONS[operation])


def _read(text: str, name: str) -> tuple[int, str]:
    """The status and the body of the answer in the ``text`` of an error; the status is 0 if no answer is in it.

    The text before the answer contains the name of the object, which may look like an answer.
    """
    failed = f"Request precondition failure for path {name}: "
    for start in (
        f"Object at location {name} not found: ",
        f"Object at location {name} already exists: {failed}",
        f"Object at location {name} already exists: ",
        failed,
        f"The operation lacked the necessary privileges to complete for path {name}: ",
        f"The operation lacked valid authentication credentials for path {name}: ",
        "Generic S3 error: ",
    ):
        if text.startswith(start):
            found = _refusal(text, len(start))
            return (int(found[1]), found[2]) if found else (0, "")
    return 0, ""
