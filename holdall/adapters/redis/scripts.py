"""What a Redis server does in one step for a store: scripts, each of which is a transaction.

    store   = keys values tags                three Redis keys, that begin with the store's prefix and ":"
    keys    = sorted set of key               every score is 0, which orders members by their bytes
    values  = hash of key to value
    tags    = hash of key to tag              a key is in all three or in none

A script runs alone and to its end ("Scripting with Lua", redis.io). One that finds no memory left fails
at its first write, so it has changed nothing.
"""

from typing import Final

_HEAD = "local keys, values, tags = KEYS[1], KEYS[2], KEYS[3]\n"

_PUT = """
local function put(key, value, tag)
    redis.call('ZADD', keys, 0, key)
    redis.call('HSET', values, key, value)
    redis.call('HSET', tags, key, tag)
end
"""

_DROP = """
local function drop(key)
    redis.call('ZREM', keys, key)
    redis.call('HDEL', values, key)
    return redis.call('HDEL', tags, key)
end
"""

_CARRIES = """
local function carries(key, tag)
    return (redis.call('HGET', tags, key) or '') == tag
end
"""

PUT: Final = f"""{_HEAD}{_PUT}
for at = 2, #ARGV, 2 do put(ARGV[at], ARGV[at + 1], ARGV[1]) end
"""
"""tag *( key value ): write them."""

DROP: Final = f"""{_HEAD}{_DROP}
local dropped = 0
for _, key in ipairs(ARGV) do dropped = dropped + drop(key) end
return dropped
"""
"""*key: delete those that are there, and return how many were."""

SWAP: Final = f"""{_HEAD}{_PUT}{_CARRIES}
if not carries(ARGV[1], ARGV[2]) then return 0 end
put(ARGV[1], ARGV[3], ARGV[4])
return 1
"""
"""key expected value tag: write it if the key carries what is expected; whether it did."""

REMOVE: Final = f"""{_HEAD}{_DROP}
if redis.call('HGET', tags, ARGV[1]) ~= ARGV[2] then return 0 end
return drop(ARGV[1])
"""
"""key expected: delete it if it carries what is expected; whether it did."""

TRANSACT: Final = f"""{_HEAD}{_PUT}{_DROP}{_CARRIES}
for at = 2, #ARGV, 3 do
    if ARGV[at] == 'expect' and not carries(ARGV[at + 1], ARGV[at + 2]) then return ARGV[at + 1] end
end
for at = 2, #ARGV, 3 do
    if ARGV[at] == 'put' then put(ARGV[at + 1], ARGV[at + 2], ARGV[1]) end
    if ARGV[at] == 'delete' then drop(ARGV[at + 1]) end
end
"""
"""tag *( "put" key value / "delete" key "" / "expect" key tag ): all or nothing; the key that was unexpected."""

BOTH: Final = f"""{_HEAD}
return {{redis.call('HGET', values, ARGV[1]), redis.call('HGET', tags, ARGV[1])}}
"""
"""key: its value and its tag, nil if it is missing."""

LOOK_UP: Final = f"""{_HEAD}
local found, room = {{}}, tonumber(ARGV[1])
for at = 2, #ARGV do
    local value = redis.call('HGET', values, ARGV[at])
    found[#found + 1] = value
    room = room - #(value or '')
    if room < 0 then break end
end
return found
"""
"""room *key: their values, nil for what is missing; fewer than were asked for where room has run out."""

PAGE: Final = f"""{_HEAD}
local found = redis.call('ZRANGEBYLEX', keys, ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
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
"""low high count room ("values" / "tags" / "keys"): whether there is more, and *( key held ) in order."""
