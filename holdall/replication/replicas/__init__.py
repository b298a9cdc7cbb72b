"""A primary store and its replicas. `docs/explanation/replication.md` has the argument."""

from holdall.replication.replicas.lag import Lag
from holdall.replication.replicas.layer import Replicas, replicas_of
from holdall.replication.replicas.promotion import Promotion, promote
from holdall.replication.replicas.reading import StaleRead, at_least, stale_reads

__all__ = ["Lag", "Promotion", "Replicas", "StaleRead", "at_least", "promote", "replicas_of", "stale_reads"]
