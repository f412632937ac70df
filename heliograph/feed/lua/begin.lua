-- Mark that somebody is about to read the nodes. KEYS: the feed. ARGV: token, patience in ms, '1' to take over.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local all = redis.call('LRANGE', KEYS[1], 0, -1)
local place = marked(all)
if place then
    local since = tonumber(string.match(all[place], '^%?(%d+)'))
    if ARGV[3] ~= '1' and now - since < tonumber(ARGV[2]) then return false end
    redis.call('LREM', KEYS[1], 0, all[place])
end
local mark = string.format('?%.0f.%s', now, ARGV[1])
redis.call('LPUSH', KEYS[1], mark)
if not floor_of(all) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return mark
