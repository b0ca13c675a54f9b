-- Lets the log begin at a position whose state is saved, and drops the entries before the one where it began until now.
-- Those since then stay, for replicas that have not applied them yet; the state where it began stays a while, for those
-- that are reading it. Does nothing where it is another log, another replica came first, or nothing is saved.
--
-- KEYS: the hash that describes the log; its stream; the saved state.
-- ARGV: the identity that the replica knows; the position; how the names of states begin (all are in one slot); for how
--       many seconds the state before stays.
local known = redis.call('HMGET', KEYS[1], 'identity', 'position')
if known[1] ~= ARGV[1] then
  return false
end
local function split(id)
  local ms, number = string.match(id, '(%d+)-(%d+)')
  return tonumber(ms), tonumber(number)
end
local ms, number = split(known[2])
local to_ms, to_number = split(ARGV[2])
if to_ms < ms or (to_ms == ms and to_number <= number) then
  return false
end
-- What is being written has an end of its time, in case that its replica dies; from now on it has none.
if redis.call('EXISTS', KEYS[3]) == 0 then
  return false
end
redis.call('PERSIST', KEYS[3])
redis.call('EXPIRE', ARGV[3] .. known[2], ARGV[4])
-- The entry of that position itself stays: who has applied it goes on from it.
redis.call('XTRIM', KEYS[2], 'MINID', known[2])
redis.call('HSET', KEYS[1], 'position', ARGV[2], 'saved', 1)
return known[2]
