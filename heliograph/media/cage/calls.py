"""The system calls of a decoder behind its walls: those it needs, those that give it away, and all others.

The list of what is needed was found by watching decoders (strace) through the whole corpus of the tests and by reading
what the C library does under memory pressure and on its way to abort(). Three ends for a call:

- NEEDED, and a few with conditions: made.
- HOSTILE, which no decoder, library or interpreter makes here by itself (programs, sockets, other processes,
  executable memory, the kernel's larger doors): the kernel ends the whole process, and the broker says so.
- every other one: refused, and the broker is told which it was (`watch.py`). Not death, because a library that merely
  looks for a file goes on without it.

Everything is by name, and libseccomp makes the numbers of whatever processor this is. Threads: libvips makes its own
while it warms up (VIPS_MAX_THREADS), so making one is hostile, too; only the decoder of HEIC makes one for each photo.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterator
from typing import Any

NEEDED = (
    "pread64 pwrite64 lseek close recvmsg sendto sendmsg "  # the photo, its pictures, the broker
    "munmap mremap brk madvise futex futex_waitv futex_wait futex_wake futex_requeue "
    "set_robust_list rseq sched_yield sched_getaffinity getcpu gettid getpid getrandom "
    "clock_gettime clock_getres gettimeofday time clock_nanosleep nanosleep "
    "rt_sigprocmask rt_sigreturn restart_syscall exit exit_group"
)
HOSTILE = (
    "execve execveat fork vfork ptrace process_vm_readv process_vm_writev process_madvise kcmp "
    "kill tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_getfd pidfd_send_signal "
    "socket socketpair connect bind listen accept accept4 shmget shmat msgget semget mq_open "
    "memfd_create memfd_secret open_by_handle_at name_to_handle_at "
    "bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register keyctl add_key request_key "
    "unshare setns mount umount2 move_mount fsopen fsmount open_tree chroot pivot_root swapon swapoff "
    "init_module finit_module delete_module kexec_load kexec_file_load reboot personality modify_ldt iopl ioperm "
    "setuid setgid setreuid setregid setresuid setresgid setgroups capset prlimit64 setrlimit "
    "settimeofday clock_settime adjtimex clock_adjtime sethostname setdomainname quotactl acct"
)
_EXECUTABLE = 0x4  # PROT_EXEC
_MAPPING = "mmap mprotect pkey_mprotect"  # its third argument says how
_CLONE_THREAD = 0x10000
_NAMES = (15, 0x53564D41)  # prctl: names of threads and of mappings, for whoever looks into /proc

_SET_FILTER = 1
_ALL_THREADS, _LOG, _LISTENER, _THREADS_BY_ERROR = 1, 2, 8, 16
_LONGEST = 4096  # instructions that the kernel takes


def program(*, watched: bool, threads: bool, pid: int = 0, arch: int | None = None) -> bytes:
    """The filter as the kernel takes it: instructions of 8 bytes. Raises OSError, RuntimeError without libseccomp.

    `watched`: what is neither needed nor hostile is told to a listener; else it is refused in silence.
    `arch`: of another processor, as `pyseccomp.Arch` names it.
    """
    seccomp = library()
    made = seccomp.SyscallFilter(seccomp.NOTIFY if watched else seccomp.ERRNO(errno.EPERM))
    made.set_attr(seccomp.Attr.ACT_BADARCH, seccomp.KILL_PROCESS)
    if arch is not None and arch != seccomp.system_arch():
        made.add_arch(arch)
        made.remove_arch(seccomp.system_arch())
    for action, name, *conditions in _rules(seccomp, pid, threads):
        _add(made, action, name, *conditions)
    return _exported(made)


def load(instructions: bytes, *, watched: bool) -> int | None:
    """Put the filter up for all threads of this process, for good; the listener's descriptor if it is watched.

    Without "all threads", those that the warm-up left behind would stay free.
    """
    buffer = ctypes.create_string_buffer(instructions, len(instructions))
    given = _Program(len(instructions) // 8, ctypes.addressof(buffer))
    # Where nobody listens, the kernel's own log tells of refused calls (audit, type 1326).
    flags = _ALL_THREADS | ((_LISTENER | _THREADS_BY_ERROR) if watched else _LOG)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    number = library().resolve_syscall(library().system_arch(), "seccomp")
    done = libc.syscall(
        ctypes.c_long(number), ctypes.c_long(_SET_FILTER), ctypes.c_long(flags), ctypes.byref(given)
    )
    if done < 0 or (
        done and not watched
    ):  # a positive number without a listener: that thread would not follow
        code = ctypes.get_errno() if done < 0 else errno.ESRCH
        raise OSError(code, f"seccomp: {os.strerror(code)}")
    return int(done) if watched else None


def library() -> Any:
    """libseccomp; raises ImportError, OSError, RuntimeError or AttributeError when it is not there."""
    import pyseccomp  # looks for the library when it is imported, and may not find it

    return pyseccomp


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


def _rules(seccomp: Any, pid: int, threads: bool) -> Iterator[tuple[Any, ...]]:
    """Action, name and conditions of each rule."""
    arg, allow, end = seccomp.Arg, seccomp.ALLOW, seccomp.KILL_PROCESS
    yield from ((allow, name) for name in NEEDED.split())
    yield from ((end, name) for name in HOSTILE.split())
    for name in _MAPPING.split():
        yield allow, name, arg(2, seccomp.MASKED_EQ, _EXECUTABLE, 0)
        yield end, name, arg(2, seccomp.MASKED_EQ, _EXECUTABLE, _EXECUTABLE)
    for option in _NAMES:
        yield allow, "prctl", arg(0, seccomp.EQ, option)
    # abort() signals itself; whom else one signals is hostile.
    yield allow, "tgkill", arg(0, seccomp.EQ, pid or os.getpid())
    yield end, "tgkill", arg(0, seccomp.NE, pid or os.getpid())
    # clone3 hides its flags from filters; told that it does not exist, the C library uses clone.
    yield seccomp.ERRNO(errno.ENOSYS), "clone3"
    if threads:
        yield allow, "clone", arg(0, seccomp.MASKED_EQ, _CLONE_THREAD, _CLONE_THREAD)
        yield end, "clone", arg(0, seccomp.MASKED_EQ, _CLONE_THREAD, 0)
    else:
        yield end, "clone"


def _add(made: Any, action: int, name: str, *conditions: Any) -> None:
    """Add a rule; a call that this processor or this libseccomp does not know stays with "every other one"."""
    try:
        made.add_rule(action, name, *conditions)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.EFAULT, errno.EDOM}:
            raise


def _exported(made: Any) -> bytes:
    memory = os.memfd_create("filter", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(memory), "wb") as file:
            made.export_bpf(file)
        exported = os.pread(memory, 8 * _LONGEST, 0)
    finally:
        os.close(memory)
    return exported


def instructions(exported: bytes) -> Iterator[tuple[int, int, int, int]]:
    """A filter, to be read: code, jump if true, jump if false, operand."""
    yield from struct.iter_unpack("=HBBI", exported)
