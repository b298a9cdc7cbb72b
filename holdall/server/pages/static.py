"""The static files of the pages: one stylesheet, one icon and the scripts. A browser keeps them for a year."""

import hashlib
from importlib.resources import files
from typing import Final, NamedTuple

from holdall.extras import needs

with needs("server"):
    import falcon

_TYPES: Final = {
    "style.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "live.js": "text/javascript; charset=utf-8",
}


class _File(NamedTuple):
    content_type: str
    data: bytes


def _read(name: str, content_type: str) -> _File:
    return _File(content_type, (files("holdall.server.pages") / "static" / name).read_bytes())


_FILES: Final = {name: _read(name, content_type) for name, content_type in _TYPES.items()}

FINGERPRINTS: Final = {
    name: hashlib.blake2b(file.data, digest_size=6).hexdigest() for name, file in _FILES.items()
}
"""The fingerprint of each file, which is a part of its path."""


class Static:
    """The resource of the static files."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, fingerprint: str, name: str) -> None:
        """Answer with the file, or 404 if no file has this name. An old fingerprint gets the new file."""
        file = _FILES.get(name)
        if file is None:
            raise falcon.HTTPNotFound(description="no static file has this name")
        resp.content_type, resp.data = file
        current = FINGERPRINTS[name] == fingerprint
        resp.set_header("Cache-Control", "public, max-age=31536000, immutable" if current else "no-cache")

    on_head = on_get
