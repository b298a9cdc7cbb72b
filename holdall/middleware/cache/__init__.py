"""A near store before a far one, and how far it may lag behind."""

from holdall.middleware.cache.layer import Cache

__all__ = ["Cache"]
