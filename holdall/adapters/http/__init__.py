"""``http://host/v1/store``: a store that the HTTP service of another process or machine serves."""

from holdall.adapters.http.store import HTTP

__all__ = ["HTTP"]
