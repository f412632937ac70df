"""Photos: from the bytes that somebody sends to the pictures that others see.

checks, formats   the request's look at an upload: headers and boxes, never pixels
uploads           reading a body at a decent speed into incoming/
cage, cage_client the only processes that decode what strangers send
renditions        inside the cage: turn, colour, crop, filter, sizes
filters           looks, as data
storage, tokens, urls   where finished pictures lie, under which names, behind which signatures
captions          text with #tags and @mentions
photos, store     rows of photos and uploads
"""
