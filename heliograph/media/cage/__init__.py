"""The cage: the only processes that decode what strangers send.

    client (web, worker) --unix socket--> broker --socketpair--> child, one per core, on demand
                           request + two file descriptors travel through to the child

The broker looks at no byte of a photo. It starts children, hands requests on, kills what takes too
long, and tells the client when a child died. A child warms up (every codec once), then walls itself
in (`walls.py`): an empty environment, limits for memory, files, processor time, and no system call
that opens a file, a socket or a program. It reads one descriptor and writes another, in memory.

    python -m heliograph.media.cage --socket PATH      listens there, removes what lay there before
    python -m heliograph.media.cage --fd N             listens on an inherited socket

`media.cage_client` is how others speak to it. Killing any of these processes loses no photo: the
broker is started again by its supervisor, children by the broker, and jobs are repeated.
"""
