"""What Redis does in one step for the bus: publish an event, and tell where a room stands and what it has kept."""

import hashlib

from gateway.redis_clients import Script

# A Redis that restarted from a file, or a replica that took over, may lack the last events and would give their
# numbers again to others. Either has a new replication id, so an epoch is that of one such id.
_EPOCH = """
local origin = string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
local state = redis.call('HMGET', KEYS[1], 'epoch', 'origin')
local epoch = state[1]
if not epoch or state[2] ~= origin then epoch = nil end
"""
_NEW_EPOCH = """
local function begin(fresh)
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', fresh, 'origin', origin)
  return fresh
end
"""

# KEYS: state, history, seen. ARGV: channel, room, name, body, delivery, id, fresh epoch, events kept,
# history seconds, seen seconds, state seconds, now in milliseconds.
PUBLISH = (
    """
local seen = redis.call('GET', KEYS[3])
if seen then return seen end
"""
    + _EPOCH
    + _NEW_EPOCH
    + """
epoch = epoch or begin(ARGV[7])
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
local body = string.sub(ARGV[4], 1, -2) .. ',"seq":' .. string.format('%d', seq) .. ',"epoch":"' .. epoch .. '"}'
local message = cmsgpack.pack({type='room.event', room=ARGV[2], name=ARGV[3], body=body, delivery=ARGV[5],
                               id=ARGV[6], seq=seq, epoch=epoch})
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[8], string.format('%d-0', seq),
           'name', ARGV[3], 'body', body, 'delivery', ARGV[5], 'id', ARGV[6], 'at', ARGV[12])
redis.call('EXPIRE', KEYS[2], ARGV[9])
redis.call('EXPIRE', KEYS[1], ARGV[11])
local position = epoch .. ':' .. string.format('%d', seq)
redis.call('SET', KEYS[3], position, 'EX', ARGV[10])
redis.call('PUBLISH', ARGV[1], message)
return position
"""
)
# KEYS: state, history. ARGV: fresh epoch, state seconds.
POSITION = Script(
    _EPOCH
    + _NEW_EPOCH
    + """
if not epoch then
  epoch = begin(ARGV[1])
  redis.call('EXPIRE', KEYS[1], ARGV[2])
end
return {epoch, redis.call('HGET', KEYS[1], 'seq') or '0'}
"""
)

# KEYS: state, history. ARGV: the epoch and the number of the last event that is known.
HISTORY = Script(
    _EPOCH
    + """
epoch = epoch or ''
local seq = redis.call('HGET', KEYS[1], 'seq') or '0'
local since = tonumber(ARGV[2])
local entries = {}
if epoch == ARGV[1] and since < tonumber(seq) then
  entries = redis.call('XRANGE', KEYS[2], string.format('%d-0', since + 1), '+')
end
return {epoch, seq, entries}
"""
)

PUBLISH_SHA = hashlib.sha1(PUBLISH.encode(), usedforsecurity=False).hexdigest()
