"""The two ports of the local stack: the site's, and the next one for numbers. Standard library only."""

from __future__ import annotations

import errno
import os
import socket

from heliograph.embedded.refusal import CannotStart


def check(host: str, port: int) -> None:
    """Refuse, with a sentence, when the site's port or the next one cannot be listened on now."""
    for number in (port, port + 1):
        _check_one(host, number)


def _check_one(host: str, port: int) -> None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise CannotStart(f"{host} is not an address of this machine ({error.strerror}).") from error
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as error:
            raise CannotStart(_sentence(host, port, error)) from error


def _sentence(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use by another program; choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} is for root alone; choose one from 1024 up, and put a proxy before it."
    return f"{host}:{port} cannot be listened on: {os.strerror(error.errno or 0)}."
