-- One photo on top of many feeds, those that exist. ARGV: photo id, keep, slack, reader ids.
local id, keep, most = ARGV[1], tonumber(ARGV[2]), ARGV[2] + ARGV[3] + 1
local taken = 0
for reader in string.gmatch(ARGV[4], '%d+') do
    local key = 'feed:' .. reader
    local length = redis.call('LPUSHX', key, id)
    if length > 0 then
        taken = taken + 1
        if length > most then trim(key, keep) end
    end
end
return taken
