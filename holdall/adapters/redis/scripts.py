"""The scripts that a Redis server runs for a store. Each of them is one transaction.

    store   = keys values tags                three Redis keys, that begin with the store's prefix and ":"
    keys    = sorted set of key               every score is 0, which orders members by their bytes
    values  = hash of key to value
    tags    = hash of key to tag              a key is in all three or in none

No other command runs until a script has ended ("Scripting with Lua", redis.io). If the server has no memory
left, a script fails at its first write, so it has changed nothing.
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
"""tag *( key value ): write every pair, with this tag."""

DROP: Final = f"""{_HEAD}{_DROP}
local dropped = 0
for _, key in ipairs(ARGV) do dropped = dropped + drop(key) end
return dropped
"""
"""*key: delete the keys that exist, and return how many did."""

SWAP: Final = f"""{_HEAD}{_PUT}{_CARRIES}
if not carries(ARGV[1], ARGV[2]) then return 0 end
put(ARGV[1], ARGV[3], ARGV[4])
return 1
"""
"""key expected value tag: write the value if the key carries the expected tag; return whether it did."""

REMOVE: Final = f"""{_HEAD}{_DROP}
if redis.call('HGET', tags, ARGV[1]) ~= ARGV[2] then return 0 end
return drop(ARGV[1])
"""
"""key expected: delete the key if it carries the expected tag; return whether it did."""

TRANSACT: Final = f"""{_HEAD}{_PUT}{_DROP}{_CARRIES}
for at = 2, #ARGV, 3 do
    if ARGV[at] == 'expect' and not carries(ARGV[at + 1], ARGV[at + 2]) then return ARGV[at + 1] end
end
for at = 2, #ARGV, 3 do
    if ARGV[at] == 'put' then put(ARGV[at + 1], ARGV[at + 2], ARGV[1]) end
    if ARGV[at] == 'delete' then drop(ARGV[at + 1]) end
end
"""
"""tag *( "put" key value / "delete" key "" / "expect" key tag ): apply all or nothing.

Return the first key that does not carry the expected tag, or nil.
"""

BOTH: Final = f"""{_HEAD}
return {{redis.call('HGET', values, ARGV[1]), redis.call('HGET', tags, ARGV[1])}}
"""
"""key: return its value and its tag, each nil if it is missing."""

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
"""room *key: return the values of the keys, nil for a missing key. Stops when they exceed room bytes."""

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
"""low high count room ("values" / "tags" / "keys"): return whether more follow, and *( key held ) in order."""
