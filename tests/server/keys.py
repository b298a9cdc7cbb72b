"""Requests whose path is anything but an honest key."""

from urllib.parse import quote

from holdall.testing.keyspace import BAD


def spellings(key):
    """A key as a client may write it in a path: with little encoded, with slashes too, and with all."""
    data = key.encode()
    return {
        quote(key, safe="/!$&'()*+,;=:@"),
        quote(key, safe=""),
        "".join(f"%{byte:02x}" for byte in data),
    }


REFUSED_KEYS = [key for key in BAD if key and not key.endswith("/") and key.isascii()]
"""Keys outside the grammar that can be sent as UTF-8 and are not folders."""

INVALID_UTF8 = ["%ff", "a%ff", "%c0%af", "%c0%ae%c0%ae/a", "%e0%80%af", "%ed%a0%80", "%f5%80%80%80", "a/%80"]
"""Paths whose bytes are not UTF-8, among them overlong slashes and dots."""

TRAVERSALS = [
    *("../secret/a", "..%2fsecret/a", "%2e%2e/secret/a", "%2e%2e%2fsecret%2fa", ".%2e/secret/a"),
    *("..%5csecret%5ca", "%252e%252e%252fsecret%252fa", "..;/secret/a", "a/../../../secret/docs/a"),
    *("%2e%2e/%2e%2e/secret/docs/a", "./a", "%2e/a", "x/%2e%2e/a", "%2fa", "/a", "a%00", "a%0a", "a%5c"),
    *(".holdall/manifest", "%2eholdall/manifest", "x/.holdall%2fy"),
]
"""Paths that climb, under `docs/`; each must be refused or name a key that is spelled exactly so."""
