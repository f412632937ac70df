"""What a decoder asked the kernel for and may not have: the kernel tells the broker, who refuses it.

The filter of a decoder (`calls.py`) has a listener; its descriptor comes to the broker with the word that the decoder
is ready. The broker looks at the number of the call only, never into the decoder's memory, and never lets one pass.
When the broker is gone, the kernel refuses by itself.

Source: seccomp_unotify(2)
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct

from heliograph.media.cage import calls

_REQUEST = struct.Struct("=QIIiIQ6Q")  # id, pid, flags; number, processor, instruction, six arguments
_ANSWER = struct.Struct("=QqiI")  # id, value, error, flags
_RECEIVE = 3 << 30 | _REQUEST.size << 16 | ord("!") << 8 | 0
_SEND = 3 << 30 | _ANSWER.size << 16 | ord("!") << 8 | 1


class Watch:
    """The listener of one decoder's filter."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        return self._fd

    def refuse(self) -> str | None:
        """Refuse the call that waits, and return its name; None if none does (any more)."""
        request = bytearray(_REQUEST.size)
        try:
            fcntl.ioctl(self._fd, _RECEIVE, request, True)
            number, _, _, call, processor, *_ = _REQUEST.unpack(request)
            name = _name(processor, call)
            # What nobody knows is too new to be wanted: a C library tries the older call only when told so.
            error = errno.EPERM if name else errno.ENOSYS
            fcntl.ioctl(self._fd, _SEND, bytearray(_ANSWER.pack(number, 0, -error, 0)), True)
        except OSError:  # it was interrupted, or has died
            return None
        return name or f"call {call}"

    def close(self) -> None:
        os.close(self._fd)


def _name(processor: int, call: int) -> str | None:
    try:
        return bytes(calls.library().resolve_syscall(processor, call)).decode()
    except (OSError, ValueError, TypeError):
        return None
