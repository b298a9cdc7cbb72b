"""The scripts that read and write the Redis keys of a store (see `holdall.adapters.redis.script`)."""

from functools import cached_property
from typing import Final

from holdall.adapters.redis.expiry import EXPIRE, FORGET, LASTING
from holdall.adapters.redis.log import BEGIN, MOST
from holdall.adapters.redis.script import HEAD, NAMES, STATE, Script
from holdall.keys import RAW_KEY_BYTES

REFUSED: Final = -1
"""The result of a script that wrote nothing because of the state of its key."""


ERASED: Final = 5000
"""The most keys that `DROP_RANGE` looks at. The server does nothing else in the meantime."""


class Write(Script):
    """A script that returns the length of the log if it wrote. It returns 0 if there is no log.

    Then `first` does the same after it has begun an epoch. It takes the name of the epoch as first argument.
    """

    def __init__(self, text: str, expiry: str = LASTING, names: int = 4) -> None:
        super().__init__(HEAD + expiry + text, names)
        self.first = Script(BEGIN + HEAD + expiry + text)
        self._text = text

    @cached_property
    def expiring(self) -> "Write":
        """The same script for values that have a deadline. It takes the deadline, or "", as first argument."""
        return Write(self._text, FORGET + _DROP + EXPIRE, len(NAMES))


_PUT = """
local function put(key, value, tag)
    redis.call('HSET', values, key, value)
    if redis.call('HSET', tags, key, tag) == 1 then redis.call('ZADD', order, 0, key) end
    redis.pcall('PUBLISH', order, '')
end
"""

_PUT_MANY = f"""
local function put_many(words, first, tag)
    for low = first, #words, {2 * MOST} do
        local high = math.min(low + {2 * MOST - 1}, #words)
        local keys, members, tagged = {{}}, {{}}, {{}}
        expire((high - low + 1) / 2)
        for at = low, high, 2 do
            local key, count = words[at], #members
            note(key, tag)
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
    local length = redis.call('RPUSHX', log, '\\0' .. key)
    if length == 0 then
        redis.call('ZADD', order, 0, key)
        return 0
    end
    forget(key)
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
            forget(key)
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
    for low = 1, #keys, {MOST} do drop_some({{unpack(keys, low, math.min(low + {MOST - 1}, #keys))}}) end
end
"""

_IS_KEY = f"""
local rest = '[\\128-\\191]'
local characters = {{
    '\\240[\\144-\\191]' .. rest .. rest, '[\\241-\\243]' .. rest .. rest .. rest,
    '\\244[\\128-\\143]' .. rest .. rest, '\\224[\\160-\\191]' .. rest, '[\\225-\\236]' .. rest .. rest,
    '\\237[\\128-\\159]' .. rest, '[\\238-\\239]' .. rest .. rest, '\\194[\\160-\\191]', '[\\195-\\223]' .. rest
}}

local function is_key(key, hidden)
    if #key == 0 or #key > {RAW_KEY_BYTES} or string.find(key, '[%z\\1-\\31\\127\\\\]') then return false end
    for _, part in ipairs({{'//', '/./', '/../', hidden}}) do
        if string.find('/' .. key .. '/', part, 1, true) then return false end
    end
    if not string.find(key, '[\\128-\\255]') then return true end
    for _, character in ipairs(characters) do key = string.gsub(key, character, '.') end
    return not string.find(key, '[\\128-\\255]')
end
"""

_CARRIES = """
local function carries(key, tag)
    return (redis.call('HGET', tags, key) or '') == tag
end
"""

PUT: Final = Write(f"""{_PUT}
expire(1)
note(ARGV[2], ARGV[1])
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

DROP_RANGE: Final = Write(f"""{_DROP_MANY}{_IS_KEY}
if redis.call('EXISTS', log) == 0 then return 0 end
local found = redis.call('ZRANGEBYLEX', order, ARGV[1], ARGV[2], 'LIMIT', 0, {ERASED})
local keys = {{}}
for _, key in ipairs(found) do
    if is_key(key, ARGV[3]) then keys[#keys + 1] = key end
end
drop_many(keys)
return #found == {ERASED} and found[#found] or redis.call('LLEN', log)
""")
"""low high hidden: delete the first keys between the bounds; return the last one of them if more may follow.

Keys that are not valid (see `holdall.keys`) stay, and so do keys that contain ``hidden`` between slashes.
"""

SWAP: Final = Write(f"""{_PUT}{_CARRIES}
if not carries(ARGV[2], ARGV[4]) then return {REFUSED} end
expire(1)
note(ARGV[2], ARGV[1])
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
    f"""{HEAD}
return {{redis.call('HGET', values, ARGV[1]), redis.call('HGET', tags, ARGV[1])}}
""",
    names=3,
)
"""key: return its value and its tag, each nil if it is missing."""

COUNT: Final = Script(f"""{HEAD}{STATE}
return redis.call('ZCARD', redis.call('TYPE', state).ok == 'zset' and state or order)
""")
"""Return the number of keys."""

READ: Final = Script(
    f"""{HEAD}
local value, start, length = redis.call('HGET', values, ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if not value then return value end
if start < 0 then start = math.max(0, #value + start) end
return string.sub(value, start + 1, start + length)
""",
    names=3,
)
"""key start length: return the part of its value from ``start`` on, nil for a missing key."""

LOOK_UP: Final = Script(
    f"""{HEAD}
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

PAGE: Final = Script(f"""{HEAD}{STATE}
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
