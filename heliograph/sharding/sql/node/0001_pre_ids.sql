-- Once in every database that makes ids: each node, and the directory (people's ids).
-- Variant D of the measurements in docs/decisions: inlined SQL, no lock; the primary key is the guard.
CREATE FUNCTION public.next_id(shard int, seq regclass) RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT (floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint - 1767225600000) << 23
        | (shard::bigint << 10) | (nextval(seq) & 1023)
$$;
