"""The Redis keys of a store, and the scripts that a server runs on them. Each script is one transaction.

    store     = order values tags log state changes deletions epochs [deadlines]
                                            Redis keys, whose names begin with the store's prefix and ":"
    order     = sorted set of key           every score is 0, which orders members by their bytes
    values    = hash of key to value
    tags      = hash of key to tag          a key is in order, values and tags, or in none of them
    log       = list of change              named "log:" history; the n-th, from 1, has the tick ``tick + n``
    change    = key / %x00 key / ""         a write, a deletion, or the beginning of an epoch
    history   = 16HEXDIG                    names the data of one server (see `holdall.adapters.redis.connections`)
    state     = hash                        named "keys"; it has these fields:
                format                      "holdall 2"
                log                         the name of the log
                tick                        the number of changes before the log
                horizon                     the tick of the last deletion that was forgotten, or missing
    changes   = sorted set of key by tick   the last change of each key before the log
    deletions = list of *( tick key )       the last 100,000 deletions before the log
    epochs    = sorted set of epoch by tick the changes before each epoch; the last 10,000
    epoch     = 32HEXDIG                    random
    deadlines = sorted set of entry by deadline, see `holdall.adapters.redis.expiry`

In a store of the first format, "keys" is the sorted set ``order``, and there is no feed. The first write
renames it. After that, the scripts of the first format that write or scan fail with WRONGTYPE and change
nothing, because they begin with a command for this sorted set.

No other command runs until a script has ended ("Scripting with Lua", redis.io). If the server has no memory
left, a script fails at its first command that may take memory, if no other command wrote before it.
"""

from hashlib import sha1
from typing import Final

NAMES: Final = "order", "values", "tags", "log", "keys", "changes", "deletions", "epochs", "deadlines"
"""The names of the Redis keys of a store, in the order in which scripts get them; "log" is completed later."""

FORMAT: Final = "holdall 2"


class Script:
    """The text of a script, and how the server calls it. The script gets the first ``names`` of NAMES."""

    def __init__(self, text: str, names: int = len(NAMES)) -> None:
        self.text = text
        self.names = names
        self.count = b"%d" % names
        self.digest = sha1(text.encode(), usedforsecurity=False).hexdigest().encode()


HEAD: Final = """
local order, values, tags, log = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
"""

STATE: Final = """
local state, changes, deletions, epochs = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
"""
