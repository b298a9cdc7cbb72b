"""What a bucket and its server tell about themselves, for people to read."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice

from holdall.adapters.s3.bucket import Bucket
from holdall.errors import InvalidKey
from holdall.keys import Span, raw_key

_SKEW = 60  # seconds; Amazon refuses requests that are signed 15 minutes off
_SHOWN = 3  # foreign keys that are named


def told(bucket: Bucket) -> dict[str, str]:
    """The server by its own name and address, and how far its clock is from ours. One request."""
    answer = bucket.ask("list_objects_v2", MaxKeys=1)
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    where = bucket.connection.client.meta.endpoint_url
    return {
        "server": f"{headers.get('server', 'does not say')} at {where}",
        "clock": _skew(headers.get("date", "")),
    }


def _skew(date: str) -> str:
    try:
        seconds = abs(datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
    except (TypeError, ValueError):
        return "the server tells no time"
    if seconds < _SKEW:
        return "agrees with the server's to a minute"
    return f"is {seconds:.0f} seconds off the server's; set this machine's clock"


def foreign(bucket: Bucket) -> str:
    """How many objects have names that no key can have, and some of them. Lists the whole store."""
    names = (found.name for found in bucket.objects(Span.of(), "") if not _fits(found.name))
    shown = list(islice(names, _SHOWN))
    count = len(shown) + sum(1 for _ in names)
    if not count:
        return "none"
    return f"{count}, which scans pass over, such as {', '.join(map(repr, shown))}; rename or ignore them"


def _fits(name: str) -> bool:
    try:
        raw_key(name)
    except InvalidKey:
        return False
    return True
