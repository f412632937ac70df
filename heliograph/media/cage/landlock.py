"""Landlock: a thread gives up files, TCP and signals to others, as far as its kernel knows of such things.

Asked by number, since no C library names these calls. What a kernel has is said by its version of the interface (ABI);
each version takes a longer struct. A layer holds for the thread that puts it up and for those that it makes later;
for the others of its process only from version 8 on. Layers add up, and none can be taken down.

Source: https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
import struct

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every processor that we run on
_VERSION = 1  # a flag: tell the version, make nothing
_PATH_BENEATH = 1
_ALL_THREADS = 1 << 3  # a flag of _RESTRICT_SELF, since version 8
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3

#: What can be given up since which version: of files, of TCP (bind, connect), of others (abstract sockets, signals).
_FILES = ((1, (1 << 13) - 1), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
_TCP = ((4, 0b11),)
_OTHERS = ((6, 0b11),)


def version() -> int:
    """What this kernel knows; 0 if it has no Landlock, or it is switched off."""
    return max(0, _call(_CREATE_RULESET, None, 0, _VERSION))


def shut(*, reading: bool = False) -> int:
    """Give up all that this kernel's Landlock can take, but reading files if that is still needed.

    Returns the version that holds now, 0 if there is none. Needs no_new_privs.
    """
    known = version()
    if not known:
        return 0
    asked = attributes(known)
    rules = _checked(_call(_CREATE_RULESET, asked, len(asked), 0))
    try:
        if reading:
            _allow_reading(rules)
        _checked(_call(_RESTRICT_SELF, rules, flags(known)))
    finally:
        os.close(rules)
    return known


def attributes(known: int) -> bytes:
    """`struct landlock_ruleset_attr`, as long as a kernel of this version takes it."""
    values = [_bits(_FILES, known), _bits(_TCP, known), _bits(_OTHERS, known)]
    fields = 1 if known < 4 else 2 if known < 6 else 3
    return struct.pack(f"={fields}Q", *values[:fields])


def flags(known: int) -> int:
    return _ALL_THREADS if known >= 8 else 0


def beneath(folder: int, access: int) -> bytes:
    """`struct landlock_path_beneath_attr`, which is packed: 12 bytes."""
    return struct.pack("=Qi", access, folder)


def _bits(table: tuple[tuple[int, int], ...], known: int) -> int:
    return sum(bits for since, bits in table if since <= known)


def _allow_reading(rules: int) -> None:
    root = os.open("/", os.O_PATH | os.O_CLOEXEC)
    try:
        rule = beneath(root, _EXECUTE | _READ_FILE | _READ_DIR)
        _checked(_call(_ADD_RULE, rules, _PATH_BENEATH, rule, 0))
    finally:
        os.close(root)


def _call(number: int, *arguments: int | bytes | None) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    given = [ctypes.c_long(it) if isinstance(it, int) else it for it in arguments]
    return int(libc.syscall(ctypes.c_long(number), *given))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return result
