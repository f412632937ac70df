"""The noun *activity*: what happened to somebody, and how much of it they have seen.

Likes, comments, follows and answers to requests stand in the person's own shard already, as truths or mirrors of
other parts; here they are only read, by an index each. What is written here: mentions in other people's photos and
comments (mirrors), and until when the person has looked.
"""
