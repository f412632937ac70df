"""The demo of `bin/up --demo`: a small community, made by the same deeds as any other.

`cast.toml` says who lives there and what they say, `photos/` holds their photographs; who made those, and under
which licences they are passed on, is in `heliograph/web/demo_credits.json`, which the page `/about/photos` shows.
"""
