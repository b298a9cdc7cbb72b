"""The scripts that a Redis server runs for a store. Each of them is one transaction.

    store     = order values tags log state changes deletions epochs
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

A write or deletion appends its key to the log, which is quick. After a few hundred changes, the writer moves
all of them but the last to the other Redis keys. If a server lacks its own log, the next write begins an epoch
and a log, whose first entry is "". So each server does this that was started, perhaps with a backup, or that
took over from another one.

In a store of the first format, "keys" is the sorted set ``order``, and there is no feed. The first write
renames it. After that, the scripts of the first format that write or scan fail with WRONGTYPE and change
nothing, because they begin with a command for this sorted set.

No other command runs until a script has ended ("Scripting with Lua", redis.io). If the server has no memory
left, a script fails at its first command that may take memory, if no other command wrote before it.
"""

from hashlib import sha1
from typing import Final

NAMES: Final = "order", "values", "tags", "log", "keys", "changes", "deletions", "epochs"
"""The names of the Redis keys of a store, in the order in which scripts get them; "log" is completed later."""

LOG: Final = 250
"""The length from which on a writer moves the log."""

FORMAT: Final = "holdall 2"
DELETIONS, EPOCHS = 100_000, 10_000
"""The number of the last deletions and of the last epochs that a store records."""

REFUSED: Final = -1
"""The result of a script that wrote nothing because of the state of its key."""

_MOST = 1000  # keys that one command names; a Lua function takes a few thousand arguments


class Script:
    """The text of a script, and how the server calls it. The script gets the first ``names`` of NAMES."""

    def __init__(self, text: str, names: int = len(NAMES)) -> None:
        self.text = text
        self.names = names
        self.count = b"%d" % names
        self.digest = sha1(text.encode(), usedforsecurity=False).hexdigest().encode()


class Write(Script):
    """A script that returns the length of the log if it wrote. It returns 0 if there is no log.

    Then `first` does the same after it has begun an epoch. It takes the name of the epoch as first argument.
    """

    def __init__(self, text: str) -> None:
        super().__init__(_HEAD + text, names=4)
        self.first = Script(_BEGIN + _HEAD + text)


_HEAD = """
local order, values, tags, log = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
"""

_STATE = """
local state, changes, deletions, epochs = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
"""

_MOVE = f"""
local function forget(count)
    local old = redis.call('LRANGE', deletions, 0, count - 1)
    redis.call('LTRIM', deletions, count, -1)
    for at = 1, count, 2 do
        local tick, key = old[at], old[at + 1]
        if redis.call('ZSCORE', changes, key) == tick then redis.call('ZREM', changes, key) end
    end
    redis.call('HSET', state, 'horizon', old[count - 1])
end

local function move_some(list, count)
    local keys = redis.call('LRANGE', list, 0, count - 1)
    redis.call('LTRIM', list, count, -1)
    local tick = redis.call('HINCRBY', state, 'tick', count) - count
    local changed, deleted = {{}}, {{}}
    for at, key in ipairs(keys) do
        if string.byte(key) == 0 then
            key = string.sub(key, 2)
            deleted[#deleted + 1] = tick + at
            deleted[#deleted + 1] = key
        end
        changed[2 * at - 1], changed[2 * at] = tick + at, key
    end
    redis.call('ZADD', changes, unpack(changed))
    if #deleted == 0 then return end
    local excess = redis.call('RPUSH', deletions, unpack(deleted)) - {2 * DELETIONS}
    if excess > 0 then forget(excess) end
end

local function move(list, count)
    for first = 1, count, {_MOST} do move_some(list, math.min(count - first + 1, {_MOST})) end
end
"""

_BEGIN = f"""{_HEAD}{_STATE}{_MOVE}
local function begin(epoch)
    for _, name in ipairs({{order, changes, epochs}}) do redis.call('ZCARD', name) end
    for _, name in ipairs({{values, tags}}) do redis.call('HLEN', name) end
    redis.call('LLEN', deletions)  -- each of these fails if another program uses the name
    redis.call('DEL', log)  -- there is none; after this, the script may write even if no memory is left
    if redis.call('TYPE', state).ok == 'zset' then redis.call('RENAMENX', state, order) end
    local before = redis.call('HGET', state, 'log')
    if before then move(before, redis.call('LLEN', before)) end
    redis.call('ZADD', epochs, redis.call('HINCRBY', state, 'tick', 0), epoch)
    redis.call('ZREMRANGEBYRANK', epochs, 0, -{EPOCHS + 1})
    redis.call('HSET', state, 'format', '{FORMAT}', 'log', log)
    redis.call('RPUSH', log, '')
end

local epoch = table.remove(ARGV, 1)
if redis.call('EXISTS', log) == 0 then begin(epoch) end
"""

MOVE: Final = Script(f"""{_HEAD}{_STATE}{_MOVE}
move(log, redis.call('LLEN', log) - 1)
""")
"""Move all changes of the log but the last."""

_PUT = """
local function put(key, value, tag)
    redis.call('HSET', values, key, value)
    if redis.call('HSET', tags, key, tag) == 1 then redis.call('ZADD', order, 0, key) end
    redis.pcall('PUBLISH', order, '')
end
"""

_PUT_MANY = f"""
local function put_many(words, first, tag)
    for low = first, #words, {2 * _MOST} do
        local high = math.min(low + {2 * _MOST - 1}, #words)
        local keys, members, tagged = {{}}, {{}}, {{}}
        for at = low, high, 2 do
            local key, count = words[at], #members
            keys[#keys + 1] = key
            members[count + 1], members[count + 2] = 0, key
            tagged[count + 1], tagged[count + 2] = key, tag
        end
        redis.call('RPUSH', log, unpack(keys))
        redis.call('HSET', values, unpack(words, low, high))
        if redis.call('HSET', tags, unpack(tagged)) > 0 then redis.call('ZADD', order, unpack(members)) end
        redis.pcall('PUBLISH', order, '')
    end
end
"""

_DROP = f"""
local function drop(key)
    if redis.call('ZREM', order, key) == 0 then
        return redis.call('EXISTS', log) == 0 and 0 or {REFUSED}
    end
    local length = redis.call('RPUSHX', log, '\0' .. key)
    if length == 0 then
        redis.call('ZADD', order, 0, key)
        return 0
    end
    redis.call('HDEL', values, key)
    redis.call('HDEL', tags, key)
    redis.pcall('PUBLISH', order, '')
    return length
end
"""

_DROP_MANY = f"""
local function drop_some(keys)
    local held, found, deleted = redis.call('HMGET', tags, unpack(keys)), {{}}, {{}}
    for at, key in ipairs(keys) do
        if held[at] then
            found[#found + 1] = key
            deleted[#deleted + 1] = '\\0' .. key
        end
    end
    if #found == 0 then return end
    redis.call('HDEL', tags, unpack(found))
    redis.call('ZREM', order, unpack(found))
    redis.call('HDEL', values, unpack(found))
    redis.call('RPUSH', log, unpack(deleted))
    redis.pcall('PUBLISH', order, '')
end

local function drop_many(keys)
    for low = 1, #keys, {_MOST} do drop_some({{unpack(keys, low, math.min(low + {_MOST - 1}, #keys))}}) end
end
"""

_CARRIES = """
local function carries(key, tag)
    return (redis.call('HGET', tags, key) or '') == tag
end
"""

PUT: Final = Write(f"""{_PUT}
local length = redis.call('RPUSHX', log, ARGV[2])
if length > 0 then put(ARGV[2], ARGV[3], ARGV[1]) end
return length
""")
"""tag key value: write the value."""

PUT_MANY: Final = Write(f"""{_PUT_MANY}
if redis.call('EXISTS', log) == 0 then return 0 end
put_many(ARGV, 2, ARGV[1])
return redis.call('LLEN', log)
""")
"""tag *( key value ): write every pair, with this tag."""

DROP: Final = Write(f"""{_DROP}
return drop(ARGV[1])
""")
"""key: delete the key, or return REFUSED if it is missing."""

DROP_MANY: Final = Write(f"""{_DROP_MANY}
if redis.call('EXISTS', log) == 0 then return 0 end
drop_many(ARGV)
return redis.call('LLEN', log)
""")
"""*key: delete the keys that exist."""

SWAP: Final = Write(f"""{_PUT}{_CARRIES}
if not carries(ARGV[2], ARGV[4]) then return {REFUSED} end
local length = redis.call('RPUSHX', log, ARGV[2])
if length > 0 then put(ARGV[2], ARGV[3], ARGV[1]) end
return length
""")
"""tag key value expected: write the value, or return REFUSED if the key does not carry the expected tag."""

REMOVE: Final = Write(f"""{_DROP}
if redis.call('HGET', tags, ARGV[1]) ~= ARGV[2] then return {REFUSED} end
return drop(ARGV[1])
""")
"""key expected: delete the key, or return REFUSED if it does not carry the expected tag."""

TRANSACT: Final = Write(f"""{_PUT_MANY}{_DROP_MANY}{_CARRIES}
local puts, drops = {{}}, {{}}
for at = 2, #ARGV, 3 do
    local kind, key, word = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    if kind == 'expect' and not carries(key, word) then return key end
    if kind == 'put' then
        puts[#puts + 1] = key
        puts[#puts + 1] = word
    end
    if kind == 'delete' then drops[#drops + 1] = key end
end
if redis.call('EXISTS', log) == 0 then return 0 end
put_many(puts, 1, ARGV[1])
drop_many(drops)
return redis.call('LLEN', log)
""")
"""tag *( "put" key value / "delete" key "" / "expect" key tag ): apply all or nothing.

No key is put and deleted. Return the first key that does not carry the expected tag, if there is one.
"""

BOTH: Final = Script(
    f"""{_HEAD}
return {{redis.call('HGET', values, ARGV[1]), redis.call('HGET', tags, ARGV[1])}}
""",
    names=3,
)
"""key: return its value and its tag, each nil if it is missing."""

LOOK_UP: Final = Script(
    f"""{_HEAD}
local found, room = {{}}, tonumber(ARGV[1])
for at = 2, #ARGV do
    local value = redis.call('HGET', values, ARGV[at])
    found[#found + 1] = value
    room = room - #(value or '')
    if room < 0 then break end
end
return found
""",
    names=3,
)
"""room *key: return the values of the keys, nil for a missing key. Stops when they exceed room bytes."""

PAGE: Final = Script(f"""{_HEAD}{_STATE}
if redis.call('TYPE', state).ok == 'zset' then order = state end
local found = redis.call('ZRANGEBYLEX', order, ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
local more, page, room = #found == tonumber(ARGV[3]), {{}}, tonumber(ARGV[4])
local from = ({{values = values, tags = tags}})[ARGV[5]]
for index, key in ipairs(found) do
    local held = from and redis.call('HGET', from, key) or false
    page[#page + 1] = key
    page[#page + 1] = held
    room = room - #(held or '')
    if room < 0 then
        more = more or index < #found
        break
    end
end
return {{more and 1 or 0, page}}
""")
"""low high count room ("values" / "tags" / "keys"): return whether more follow, and *( key held ) in order."""
