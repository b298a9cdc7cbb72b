"""``dbm:path``: the files of Python's dbm modules and of Berkeley DB, shared safely and safe from kills.

    books            what the flavor keeps: the file is plain, its keys are UTF-8 and its values as they are
    books.twin       the same once more, so that one of the two is whole at every moment
    books.lock       who writes, and which of the two is being written (see `holdall.adapters.dbm.lock`)

To read the data with another program, ``books`` alone is needed.
"""

from holdall.adapters.dbm.store import DBM

__all__ = ["DBM"]
