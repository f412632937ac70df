"""Many logical shards on a few nodes: ids that say where a row lives, one transaction a shard, jobs and
mirrored rows that leave with the transaction.

Source: "Sharding & IDs at Instagram", 2012: thousands of logical shards as PostgreSQL schemas, ids made
inside the database from time, shard and sequence.
"""
