"""A near store in front of a far one; it may lag behind by a limited time."""

from holdall.middleware.cache.layer import Cache

__all__ = ["Cache"]
