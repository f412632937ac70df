"""The noun *likes and comments*: what a photo has gathered from people.

likes      truth with whoever likes, mirrored beside the photo, counted by the flip
comments   truth beside the photo, mirrored at the author's
words      what a comment may say
counts     how many of each, and the copy of that in Valkey
store      all SQL
"""
