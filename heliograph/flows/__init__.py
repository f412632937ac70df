"""What people do: one file a deed, its request half and its worker half together. Only a flow makes two nouns act
together; everything it does to somebody else's shard leaves with the transaction, as a job or a mirrored row.
"""
