"""A lease: a lock across processes and machines, stored in a store, which expires unless its holder renews it.

Every change of its record is a `swap`, so of several that begin with the same record, one succeeds. A process
that waits may replace a record that it has seen unchanged for the record's ttl, by its own monotonic clock,
counted from the end of its first read. The holder counts the ttl from before its write, so its time ends
first. No process compares its clock with that of another machine.
"""

from holdall.lease.acquisition import Grant, Rival
from holdall.lease.lease import LONGEST, Lease
from holdall.lease.record import FOLDER

__all__ = ["FOLDER", "LONGEST", "Grant", "Lease", "Rival"]
