"""What a child gives up before it sees its first photo. Nothing of it can be undone.

System calls are denied by libseccomp, with EPERM rather than death, so that a library that merely asks
goes on. The filter is loaded for all threads of the process (TSYNC: without it, threads that the
warm-up left behind would stay free). Threads may still be made, processes may not; `clone3` hides its
flags from filters and answers ENOSYS, upon which libc uses `clone`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
from collections.abc import Iterable
from typing import Any

MEMORY_BYTES = 1536 * 1024 * 1024  # measured need: 415 MB for a JPEG of 48 MP
FILE_BYTES = 64 * 1024 * 1024  # of the pictures that one photo gives
OPEN_FILES = 64
CPU_SECONDS = 12  # of one photo

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_GET_SECCOMP = 1, 38, 21
_CLONE_THREAD = 0x10000
_AT_EMPTY_PATH = 0x1000

_FILES = (
    "open openat openat2 creat open_by_handle_at name_to_handle_at truncate unlink unlinkat rename renameat "
    "renameat2 mkdir mkdirat rmdir mknod mknodat link linkat symlink symlinkat readlink readlinkat chmod fchmodat "
    "fchmodat2 chown lchown fchownat chdir fchdir chroot pivot_root mount umount2 move_mount fsopen open_tree "
    "getdents getdents64 access faccessat faccessat2 stat lstat setxattr inotify_init1 "
    "fanotify_init quotactl swapon acct memfd_secret"
)
_SOCKETS = "socket socketpair connect bind listen accept accept4 shmget msgget semget mq_open"
_PROGRAMS = "execve execveat fork vfork ptrace process_vm_readv process_vm_writev process_madvise kcmp"
_SIGNALS = "kill tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_getfd pidfd_send_signal"
_KERNEL = (
    "bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register keyctl add_key request_key "
    "unshare setns init_module finit_module delete_module kexec_load reboot setuid setgid setresuid setresgid "
    "setgroups capset personality iopl ioperm syslog settimeofday clock_settime sethostname"
)


def leave_with_parent(parent: int) -> None:
    """Die when the broker dies. The broker has one thread: the signal follows a thread, not a process."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(0)


def limit() -> None:
    """Memory, files and core dumps; processor time is set anew for each photo."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_photo() -> None:
    """Processor time for the photo that comes now; beyond it the kernel ends the process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soon = int(usage.ru_utime + usage.ru_stime) + 1 + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (soon, resource.RLIM_INFINITY))


def close_in() -> list[str]:
    """Give up privileges and system calls for good; return what could not be given up, as sentences."""
    limit()
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    missing = protection()
    if not missing:
        _filter()
    return missing


def protection() -> list[str]:
    """What the cage lacks on this machine, as sentences for people; empty when it has all its walls."""
    try:
        _seccomp()
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        return [f"Photos are decoded without a filter of system calls: libseccomp is missing ({error})."]
    if _prctl(_PR_GET_SECCOMP) < 0:
        return ["Photos are decoded without a filter of system calls: this kernel has no seccomp."]
    return []


def _filter() -> None:
    seccomp = _seccomp()
    walls = seccomp.SyscallFilter(seccomp.ALLOW)
    walls.set_attr(seccomp.Attr.CTL_TSYNC, 1)
    deny = seccomp.ERRNO(errno.EPERM)
    for name in _names(_FILES, _SOCKETS, _PROGRAMS, _SIGNALS, _KERNEL):
        _add(walls, deny, name)
    _add(walls, seccomp.ERRNO(errno.ENOSYS), "clone3")
    _add(walls, deny, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, _CLONE_THREAD, 0))
    # fstat(fd) is newfstatat(fd, "", AT_EMPTY_PATH) in newer C libraries: only that form is left.
    _add(walls, deny, "newfstatat", seccomp.Arg(3, seccomp.MASKED_EQ, _AT_EMPTY_PATH, 0))
    _add(walls, deny, "statx", seccomp.Arg(2, seccomp.MASKED_EQ, _AT_EMPTY_PATH, 0))
    _add(walls, deny, "tgkill", seccomp.Arg(0, seccomp.NE, os.getpid()))
    _add(walls, deny, "prlimit64", seccomp.Arg(0, seccomp.NE, 0))
    walls.load()


def _add(walls: Any, action: int, name: str, *arguments: Any) -> None:
    """Add a rule; a call that this machine or this libseccomp does not know cannot be made by name."""
    try:
        walls.add_rule(action, name, *arguments)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.EFAULT, errno.EDOM}:
            raise


def _names(*lists: str) -> Iterable[str]:
    for names in lists:
        yield from names.split()


def _seccomp() -> Any:
    import pyseccomp  # looks for the library when it is imported, and may not find it

    return pyseccomp


def _prctl(option: int, value: int = 0) -> int:
    return int(ctypes.CDLL(None).prctl(option, value, 0, 0, 0))
