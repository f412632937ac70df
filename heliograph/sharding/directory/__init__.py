"""The directory as Django's database: PostgreSQL with a pool, left alone for a while when it does not answer."""
