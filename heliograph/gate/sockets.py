"""What the kernel does for us with connections: it ends those on which nothing moves any more.

What is set on a listening socket, every connection inherits. Granian makes one of its own in each worker, a moment
after the application has been started.
"""

from __future__ import annotations

import logging
import os
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

log = logging.getLogger(__name__)

UNREAD_SECONDS = 30  # an answer of which so long nothing was taken is given up, with its connection
_FILES = 16_384  # open ones: connections, and files of bodies


def let_go_of_the_silent() -> bool:
    """Set up this process's listening sockets; False when it has none yet."""
    found = False
    for listening in _listening():
        found = True
        with listening:
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_SECONDS * 1000)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, UNREAD_SECONDS)
    return found


def allow_many() -> None:
    """As many open files as this process may have: a connection is one, the body on its way another."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _listening() -> Iterator[socket.socket]:
    """Our own handle on each TCP socket that listens, whoever opened it."""
    for path in list(Path("/proc/self/fd").iterdir()):
        try:
            if not path.is_socket():
                continue
            found = socket.socket(fileno=os.dup(int(path.name)))
        except OSError:
            continue
        internet = found.family in (socket.AF_INET, socket.AF_INET6) and found.type == socket.SOCK_STREAM
        if internet and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            yield found
        else:
            found.close()
