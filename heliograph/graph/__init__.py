"""The noun *follows*: who wishes to see whose photos, who is permitted to, who is blocked.

pairs        one follow as one side has it, and what may happen to it: pure rules
follows      the deeds on the two mirrored rows, with the counters that they move
blocks       the same for blocks, which void permits and wishes
lists        who follows whom, page by page and all at once
visibility   who may see whom: asked on the owner's side, where the permit is the truth
store        all SQL
"""
