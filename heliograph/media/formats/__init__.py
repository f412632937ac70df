"""Readers of file structure: they walk boxes and segments by length and never decode a pixel.

Each `read(data)` gives a `Header` or raises a leaf of `media.errors`. They run in the request, on
hostile bytes, in pure Python: every loop is bounded, every offset checked.
"""
