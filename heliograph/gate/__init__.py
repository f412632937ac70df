"""The front door of a web process: bodies are received here, by coroutines; threads see only requests that are complete

    a request   -> kinds.py    what is it, and how much may it send?
                -> bodies.py   its body arrives, against the clock, in memory or on the disk
                -> desk.py     it waits for its turn: bounded queues, the more important first
                -> wsgi.py     a thread runs the WSGI application and hands the answer back

Who is slow, falls silent or lies about a length costs a coroutine and a few kilobytes, never a thread. Everything
below knows nothing of it: `heliograph.config.wsgi` runs behind any other WSGI server.
"""
