"""The log of a store on a Redis server, which its feed reads.

A write or deletion appends its key to the log, which is quick. After a few hundred changes, the writer moves
all of them but the last to the other Redis keys. If a server lacks its own log, the next write begins an epoch
and a log, whose first entry is "". So each server does this that was started, perhaps with a backup, or that
took over from another one.
"""

from typing import Final

from holdall.adapters.redis.script import FORMAT, HEAD, STATE, Script

LOG: Final = 250
"""The length from which on a writer moves the log."""

DELETIONS, EPOCHS = 100_000, 10_000
"""The number of the last deletions and of the last epochs that a store records."""

MOST: Final = 1000
"""The number of keys that one command may name. A Lua function takes a few thousand arguments."""

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
    for first = 1, count, {MOST} do move_some(list, math.min(count - first + 1, {MOST})) end
end
"""

BEGIN: Final = f"""{HEAD}{STATE}{_MOVE}
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

MOVE: Final = Script(f"""{HEAD}{STATE}{_MOVE}
move(log, redis.call('LLEN', log) - 1)
""")
"""Move all changes of the log but the last."""
