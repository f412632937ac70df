-- One photo into its place in many feeds. ARGV: photo id, keep, reader ids.
local id, keep = ARGV[1], tonumber(ARGV[2])
local taken = 0
for reader in string.gmatch(ARGV[3], '%d+') do
    local key = 'feed:' .. reader
    local all = redis.call('LRANGE', key, 0, -1)
    local floor = floor_of(all)
    if floor and not marked(all) then
        local expires = redis.call('PTTL', key)
        all[#all] = id
        write(key, tidy(all, floor, keep))
        if expires > 0 then redis.call('PEXPIRE', key, expires) end
        taken = taken + 1
    elseif #all > 0 then -- being built: left of the mark is where its builder looks
        redis.call('LPUSH', key, id)
        taken = taken + 1
    end
end
return taken
