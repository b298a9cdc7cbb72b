"""How a store on a Redis server deletes values after their deadlines.

    deadlines = sorted set of entry by deadline
    entry     = tag key                     the state of the key that has the deadline; a tag has 16 characters
    deadline  = seconds since 1970 by the clock of the server

A server can let Redis keys expire, but here one Redis key has the values of all keys of a store. And a value that
a server deletes by itself would stay in ``order`` and ``tags``, and the feed would not tell its deletion. So each
write of a value that may have a deadline deletes a few values whose deadline has passed, as every other deletion.

An entry counts only as long as its key has its tag. So a writer that knows nothing of deadlines is safe: its
values have other tags, and stay.
"""

from typing import Final

_SOME: Final = 5
"""The number of expired values that the write of one value deletes at most: so they never become more."""

LASTING: Final = """
local function forget() end
local function expire() end
local function note() end
"""
"""The functions that scripts call, in scripts for values that have no deadline."""

FORGET: Final = """
local deadlines, deadline = KEYS[9], table.remove(ARGV, 1)

local function forget(key)
    local tag = redis.call('HGET', tags, key)
    if tag then redis.call('ZREM', deadlines, tag .. key) end
end
"""
"""Before a key is deleted or gets another tag: it has no deadline any more."""

EXPIRE: Final = f"""
local function expire(count)
    local now = redis.call('TIME')[1]
    for _, entry in ipairs(redis.call('ZRANGEBYSCORE', deadlines, '-inf', now, 'LIMIT', 0, {_SOME} * count)) do
        local tag, key = string.sub(entry, 1, 16), string.sub(entry, 17)
        local waits = redis.call('HGET', tags, key) == tag and drop(key) == 0  -- there is no log yet
        if not waits then redis.call('ZREM', deadlines, entry) end
    end
end

local function note(key, tag)
    if deadline ~= '' then redis.call('ZADD', deadlines, deadline, tag .. key) end
    forget(key)
end
"""
"""Before the first of count values is written: delete some that have expired, so that a full server has room.

Before each key gets the tag: note its deadline, if it has one.
"""
