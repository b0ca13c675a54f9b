-- Adds records to a journal and drops the oldest, where there are too many or they take too many bytes.
-- One step, so that counts and records agree for whoever reads.
--
-- KEYS: the stream of the journal; the hash of its counts.
-- ARGV: how many records it keeps; how many bytes; then for each record its number (0: the next one), and the record.
local bytes = 0
for at = 3, #ARGV, 2 do
  local number = ARGV[at]
  if number == '0' then
    number = redis.call('HINCRBY', KEYS[2], 'numbered', 1)
  end
  redis.call('XADD', KEYS[1], '*', 'n', number, 'r', ARGV[at + 1])
  bytes = bytes + #ARGV[at + 1]
end
redis.call('HINCRBY', KEYS[2], 'noted', (#ARGV - 2) / 2)
bytes = redis.call('HINCRBY', KEYS[2], 'bytes', bytes)
local kept = redis.call('XLEN', KEYS[1])
while kept > 0 and (kept > tonumber(ARGV[1]) or bytes > tonumber(ARGV[2])) do
  local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
  redis.call('XDEL', KEYS[1], oldest[1])
  bytes = redis.call('HINCRBY', KEYS[2], 'bytes', -#oldest[2][4])
  kept = kept - 1
end
return kept
