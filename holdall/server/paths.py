"""Tells a key from a folder: ``a/b`` is a key, and ``a/`` is the collection of the keys that begin with it.

No key ends with a slash, so each path has one meaning.
"""

from typing import Any

from holdall.extras import needs

with needs("server"):
    import falcon


class Paths:
    """The resource of every path below ``/docs/``. It hands a request to the resource of keys or of folders."""

    def __init__(self, documents: object, collections: object) -> None:
        self._documents = documents
        self._collections = collections

    def on_options(self, req: falcon.Request, resp: falcon.Response, store: str, path: str) -> None:
        """Tell the methods of the key or folder."""
        resp.set_header("Allow", ", ".join(allowed_methods(self._resource(path))))

    def _resource(self, path: str) -> Any:
        return self._collections if not path or path.endswith("/") else self._documents

    def _answer(self, req: falcon.Request, resp: falcon.Response, store: str, path: str) -> None:
        resource = self._resource(path)
        responder = getattr(resource, f"on_{req.method.lower()}", None)
        if responder is None:
            raise falcon.HTTPMethodNotAllowed(allowed_methods(resource))
        responder(req, resp, store, path)

    on_get = on_head = on_put = on_post = on_patch = on_delete = _answer


def allowed_methods(resource: object) -> list[str]:
    """Return the methods of HTTP that ``resource`` answers.

    >>> allowed_methods(Paths)
    ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']
    """
    return [name[3:].upper() for name in dir(resource) if name.startswith("on_")]
