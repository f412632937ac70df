"""The whole network in one command: its own PostgreSQL and Valkey, and every process of ours, supervised."""
