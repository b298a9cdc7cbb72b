"""``diskcache:folder``: a Cache or FanoutCache of diskcache, which holdall only reads.

    folder  = shard                           a Cache, also that of an Index
            | *( "000" | "001" | … ) shard    a FanoutCache: each key is in one of these folders
    shard   = "cache.db" *file                cache.db is an SQLite database
    Cache   = *row                            its table
    row     = (key, raw, expire_time, mode, filename, value) and other columns
    key     = the key if raw is 1: text, a number or bytes
            | the pickle of the key if raw is 0
    mode    = 1  value holds the value: text, a number or bytes
            | 2  the file holds it: bytes
            | 3  the file holds it: text in UTF-8
            | 4  value or the file holds its pickle
    file    = at the path filename in the folder of the shard

A row whose expire_time (seconds since 1970) has passed is expired. The disk JSONDisk of diskcache stores both
keys and values as JSON that zlib compressed, and these are bytes to the table. The source of these facts is the
documentation of diskcache 5.6.3 and the folders that it makes. diskcache need not be installed.
"""

from holdall.adapters.diskcache.store import DiskCache

__all__ = ["DiskCache"]
