"""``dbm:path``: files of Python's dbm modules and of Berkeley DB, safe for many processes and against kills.

    books            the file of the flavor: it is plain, its keys are UTF-8 and its values are unchanged
    books.twin       a second copy, so that one of the two is whole at every moment
    books.lock       the lock, and which of the two is being written (see `holdall.adapters.dbm.lock`)

Another program that reads the data needs only ``books``.
"""

from holdall.adapters.dbm.store import DBM

__all__ = ["DBM"]
