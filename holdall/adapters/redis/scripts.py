"""The scripts that a Redis server runs for a store. Each of them is one transaction.

    store     = state order values tags *log changes deletions epochs
                                            Redis keys, whose names begin with the store's prefix and ":"
    state     = hash                        named "keys"; it has these fields:
                format                      "holdall 2"
                log                         the name of the newest log
                tick                        the number of changes in all earlier logs
                horizon                     the tick of the last deletion that was forgotten, or missing
    order     = sorted set of key           every score is 0, which orders members by their bytes
    values    = hash of key to value
    tags      = hash of key to tag          a key is in order, values and tags, or in none of them
    log       = list of key                 named "log:" history; the n-th entry is the change ``tick + n``
    history   = 16HEXDIG                    names the data of one server (see `holdall.adapters.redis.link`)
    changes   = sorted set of key by tick   the last change of each key in the earlier logs
    deletions = sorted set of key by tick   those that were deleted; the last 100,000
    epochs    = sorted set of epoch by tick the changes before the epoch; the last 10,000
    epoch     = 32HEXDIG                    random

A write or deletion appends its key to the log: that is quick. Every few hundred changes, a script moves the
log to the other keys. A server begins another log, and an epoch, with its first change; so a server that was
started with a backup does, and a replica that takes over.

In a store of the first format, "keys" is the sorted set ``order``, and there is no feed. The first write
renames it. From then on, the scripts of the first format fail with WRONGTYPE before they change anything,
because all of them begin with a command for the sorted set.

No other command runs until a script has ended ("Scripting with Lua", redis.io). If the server has no memory
left, a script fails at its first write, so it has changed nothing.
"""

from typing import Final

FORMAT: Final = "holdall 2"
DELETIONS, EPOCHS = 100_000, 10_000
"""The number of the last deletions and of the last epochs that a store records."""

NAMES: Final = "keys", "order", "values", "tags", "changes", "deletions", "epochs"
"""The names of the Redis keys of a store without their prefix. The name of a log follows them."""

_MOST = 1000  # keys that one command names; a Lua function takes a few thousand arguments
_LOG = 200  # changes after which the log is moved

HEAD: Final = """
local state, order, values, tags, changes = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local deletions, epochs, log = KEYS[6], KEYS[7], KEYS[8]
"""

_RECORD = f"""
local function forget(count)
    local old = redis.call('ZPOPMIN', deletions, count)
    for at = 1, #old, 2 do redis.call('ZREM', changes, old[at]) end
    redis.call('HSET', state, 'horizon', old[#old])
end

local function move(log)
    local keys = redis.call('LRANGE', log, 0, -1)
    if #keys == 0 then return end
    local tick = redis.call('HINCRBY', state, 'tick', #keys) - #keys
    local held = redis.call('HMGET', tags, unpack(keys))
    local changed, deleted = {{}}, {{}}
    for at, key in ipairs(keys) do
        local to = held[at] and {{changed}} or {{changed, deleted}}
        for _, list in ipairs(to) do
            list[#list + 1] = tick + at
            list[#list + 1] = key
        end
    end
    redis.call('ZADD', changes, unpack(changed))
    redis.call('ZREM', deletions, unpack(keys))
    if #deleted > 0 then redis.call('ZADD', deletions, unpack(deleted)) end
    redis.call('DEL', log)
    local excess = redis.call('ZCARD', deletions) - {DELETIONS}
    if excess > 0 then forget(excess) end
end

local function begin()
    if redis.call('TYPE', state).ok == 'zset' then redis.call('RENAME', state, order) end
    local before = redis.call('HGET', state, 'log')
    if before == log then return end
    if before then move(before) end
    local tick = redis.call('HINCRBY', state, 'tick', 0)
    redis.call('ZADD', epochs, tick, string.sub(redis.sha1hex(ARGV[1]), 1, 32))
    redis.call('ZREMRANGEBYRANK', epochs, 0, -{EPOCHS + 1})
    redis.call('HSET', state, 'format', '{FORMAT}', 'log', log)
end

local function record(keys, low, high)
    local length = redis.call('RPUSHX', log, unpack(keys, low, high))
    if length == 0 then
        begin()
        length = redis.call('RPUSH', log, unpack(keys, low, high))
    end
    redis.pcall('PUBLISH', changes, '')
    return length >= {_LOG}
end
"""

_PUT = f"""
local function put(words, first, tag)
    for low = first, #words, {2 * _MOST} do
        local high = math.min(low + {2 * _MOST - 1}, #words)
        local keys, members, tagged = {{}}, {{}}, {{}}
        for at = low, high, 2 do
            local key, count = words[at], #members
            keys[#keys + 1] = key
            members[count + 1], members[count + 2] = 0, key
            tagged[count + 1], tagged[count + 2] = key, tag
        end
        local is_long = record(keys, 1, #keys)
        redis.call('HSET', values, unpack(words, low, high))
        if redis.call('HSET', tags, unpack(tagged)) > 0 then redis.call('ZADD', order, unpack(members)) end
        if is_long then move(log) end
    end
end
"""

_DROP = f"""
local function drop(keys, first)
    local found = {{}}
    for at = first, #keys do
        if redis.call('HDEL', tags, keys[at]) == 1 then found[#found + 1] = keys[at] end
    end
    for low = 1, #found, {_MOST} do
        local high = math.min(low + {_MOST - 1}, #found)
        local is_long = record(found, low, high)
        redis.call('ZREM', order, unpack(found, low, high))
        redis.call('HDEL', values, unpack(found, low, high))
        if is_long then move(log) end
    end
    return #found
end
"""

_CARRIES = """
local function carries(key, tag)
    return (redis.call('HGET', tags, key) or '') == tag
end
"""

# Each script that writes has a random text as its first argument, which becomes the tag of what it writes.

PUT: Final = f"""{HEAD}{_RECORD}{_PUT}
put(ARGV, 2, ARGV[1])
"""
"""tag *( key value ): write every pair, with this tag."""

DROP: Final = f"""{HEAD}{_RECORD}{_DROP}
return drop(ARGV, 2)
"""
"""random *key: delete the keys that exist, and return how many did."""

SWAP: Final = f"""{HEAD}{_RECORD}{_PUT}{_CARRIES}
if not carries(ARGV[2], ARGV[3]) then return 0 end
put({{ARGV[2], ARGV[4]}}, 1, ARGV[1])
return 1
"""
"""tag key expected value: write the value if the key carries the expected tag; return whether it did."""

REMOVE: Final = f"""{HEAD}{_RECORD}{_DROP}
if redis.call('HGET', tags, ARGV[2]) ~= ARGV[3] then return 0 end
return drop({{ARGV[2]}}, 1)
"""
"""random key expected: delete the key if it carries the expected tag; return whether it did."""

TRANSACT: Final = f"""{HEAD}{_RECORD}{_PUT}{_DROP}{_CARRIES}
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
put(puts, 1, ARGV[1])
drop(drops, 1)
"""
"""tag *( "put" key value / "delete" key "" / "expect" key tag ): apply all or nothing.

No key is put and deleted. Return the first key that does not carry the expected tag, or nil.
"""

BOTH: Final = f"""{HEAD}
return {{redis.call('HGET', values, ARGV[1]), redis.call('HGET', tags, ARGV[1])}}
"""
"""key: return its value and its tag, each nil if it is missing."""

LOOK_UP: Final = f"""{HEAD}
local found, room = {{}}, tonumber(ARGV[1])
for at = 2, #ARGV do
    local value = redis.call('HGET', values, ARGV[at])
    found[#found + 1] = value
    room = room - #(value or '')
    if room < 0 then break end
end
return found
"""
"""room *key: return the values of the keys, nil for a missing key. Stops when they exceed room bytes."""

PAGE: Final = f"""{HEAD}
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
"""
"""low high count room ("values" / "tags" / "keys"): return whether more follow, and *( key held ) in order."""
