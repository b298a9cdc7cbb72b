"""``redis://host/0``: a store on a Redis or Valkey server, drawn in `holdall.adapters.redis.script`."""

from holdall.adapters.redis.store import Redis

__all__ = ["Redis"]
