"""The API door: one call of a flow or a page an address, in the dialect of 2011 (docs/howto/use-the-api.md)."""
