"""Where a photo was taken, as exactly as its owner wants it and no more; towns of the world, offline.

spots        a point reduced to a level; only that is kept
gazetteer    towns: near a point, by their name
making       makes the files from GeoNames (CC BY 4.0) and Natural Earth (public domain)
"""
