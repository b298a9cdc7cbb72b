"""``dbm:path``: files of Python's dbm modules and of Berkeley DB, safe for many processes and against kills.

    books            what the flavor keeps: the file is plain, its keys are UTF-8 and its values as they are
    books.twin       the same once more, so that one of the two is whole at every moment
    books.lock       who writes, and which of the two is being written (see `holdall.adapters.dbm.lock`)

Another program that reads the data needs only ``books``.
"""

from holdall.adapters.dbm.store import DBM

__all__ = ["DBM"]
