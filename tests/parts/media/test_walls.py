"""The walls around a decoder: every way out is tried, and what then happens is what docs/security/cage.md says."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from heliograph.core import environment
from heliograph.media import cage_client
from heliograph.media.cage import calls, landlock, walls
from heliograph.media.errors import Unprocessable
from heliograph.ops import doctor
from tests import corpus
from tests.harness.cage import Cage, wait_until
from tests.harness.hostile import HostileCage

Fd = Callable[[bytes], int]
ROOT = str(Path(walls.__file__).parents[3])

#: One process for each attempt, all walls up, and a listener that refuses as the broker does.
_INSIDE = """
import ctypes, json, mmap, os, select, signal, socket, sys, threading
sys.path.insert(0, {root!r})
from heliograph.media.cage import calls, walls
from heliograph.media.cage.watch import Watch

libc = ctypes.CDLL(None, use_errno=True)
inherited = os.memfd_create("inherited")
library = calls.library()
numbers = {{name: library.resolve_syscall(library.system_arch(), name) for name in calls.HOSTILE.split()}}

def raw(name, *arguments):
    if libc.syscall(numbers[name], *arguments) < 0:
        raise OSError(ctypes.get_errno(), name)

def stat_past_an_empty_path():
    buffer = ctypes.create_string_buffer(512)
    if libc.syscall({newfstatat}, -100, b"/etc/passwd", buffer, 0x1000) < 0:
        raise OSError(ctypes.get_errno(), "newfstatat")

def executable():
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)

def made_executable():
    page = mmap.mmap(-1, 4096)
    libc.mprotect(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(page))), 4096, 5)

def endless():
    at = 0
    while True:
        at += os.pwrite(inherited, bytes(1 << 20), at)

attempts = {{
    "open": lambda: open("/etc/passwd"),
    "create": lambda: open("/tmp/heliograph-cage-test", "w"),
    "list": lambda: os.listdir("/"),
    "look": lambda: os.stat("/etc/passwd"),
    "look by a descriptor that is none": stat_past_an_empty_path,
    "read /proc": lambda: open("/proc/self/maps"),
    "read a link in /proc": lambda: os.readlink("/proc/self/exe"),
    "remove": lambda: os.unlink("/tmp/heliograph-nothing"),
    "make a folder": lambda: os.mkdir("/tmp/heliograph-folder"),
    "change a mode": lambda: os.fchmod(inherited, 0o777),
    "write to what it inherited": lambda: os.write(1, b"hello"),
    "write to what it inherited, by another call": lambda: os.writev(2, [b"hello"]),
    "copy a descriptor": lambda: os.dup(0),
    "ask a device": lambda: os.get_terminal_size(1),
    "hear signals itself": lambda: signal.signal(signal.SIGXCPU, signal.SIG_IGN),
    "be nicer to itself": lambda: os.nice(-5),
    "wait for others": lambda: select.poll().poll(1),
    "memory": lambda: bytearray(2 << 30),
    "endless output": endless,
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "fork": os.fork,
    "a thread": lambda: threading.Thread(target=lambda: None).start(),
    "kill the parent": lambda: os.kill(os.getppid(), 0),
    "kill everybody": lambda: os.kill(-1, 0),
    "internet": lambda: socket.socket(),
    "unix socket": lambda: socket.socket(socket.AF_UNIX),
    "pair": socket.socketpair,
    "executable memory": executable,
    "memory made executable": made_executable,
    "live": lambda: os.getpid(),
    **{{f"call {{name}}": (lambda name=name: raw(name, 0, 0, 0, 0, 0, 0)) for name in numbers if numbers[name] >= 0}},
}}

def child(act, channel):
    walls.begin()
    missing = walls.close_in()
    listener = walls.only_needed_calls()
    socket.send_fds(channel, [json.dumps(missing).encode()], [listener])
    os.close(listener)
    try:
        act()
    except BaseException as error:
        os._exit({{"PermissionError": 1, "OSError": 2, "MemoryError": 3}}.get(type(error).__name__, 4))
    os._exit(0)

told = {{}}
for name in sys.argv[1:] or attempts:
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        child(attempts[name], theirs)
    theirs.close()
    missing, (listener,), _, _ = socket.recv_fds(ours, 4096, 1)
    watch, refused = Watch(listener), []
    end = os.pidfd_open(pid)
    while end not in select.select([watch, end], [], [])[0]:
        refused.append(watch.refuse())
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    for opened in (ours.fileno(), end, listener):
        os.close(opened)
    ours.detach()
    told[name] = [status, [it for it in refused if it], json.loads(missing)]
print(json.dumps(told))
"""


def _try(*names: str) -> dict[str, tuple[int, list[str], list[str]]]:
    number = calls.library().resolve_syscall(calls.library().system_arch(), "newfstatat")
    script = _INSIDE.format(root=ROOT, newfstatat=number)
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, *names], env={}, capture_output=True, check=True, timeout=120
    )
    told: dict[str, tuple[int, list[str], list[str]]] = json.loads(done.stdout)
    return told


@pytest.fixture(scope="module")
def tried() -> dict[str, tuple[int, list[str], list[str]]]:
    return _try()


REFUSED = {
    "open": "openat",
    "create": "openat",
    "list": "openat",
    "look": "newfstatat",
    "look by a descriptor that is none": "newfstatat",
    "read /proc": "openat",
    "read a link in /proc": "readlink",
    "remove": "unlink",
    "make a folder": "mkdir",
    "change a mode": "fchmod",
    "write to what it inherited": "write",
    "write to what it inherited, by another call": "writev",
    "copy a descriptor": "fcntl",
    "ask a device": "ioctl",
    "hear signals itself": "rt_sigaction",
    "be nicer to itself": "getpriority",
    "wait for others": "poll",
}
ENDED = (
    "exec", "fork", "a thread", "kill the parent", "kill everybody", "internet", "unix socket", "pair",
    "executable memory", "memory made executable",
)  # fmt: skip


@pytest.mark.parametrize("attempt", REFUSED)
def test_what_a_decoder_does_not_need_is_refused_and_told(attempt: str, tried: dict[str, Any]) -> None:
    status, refused, _ = tried[attempt]
    assert status in {1, 2}, "the call was made"
    # Other processors have fewer calls: what is unlink here is unlinkat there.
    assert refused and (refused[0].startswith(REFUSED[attempt]) or refused[0].endswith("poll"))


@pytest.mark.parametrize("attempt", ENDED)
def test_what_no_decoder_does_ends_it(attempt: str, tried: dict[str, Any]) -> None:
    assert tried[attempt][0] == -signal.SIGSYS


def test_every_call_that_is_called_hostile_ends_whoever_makes_it(tried: dict[str, Any]) -> None:
    made = {name: told[0] for name, told in tried.items() if name.startswith("call ")}
    assert len(made) > 60
    assert set(made.values()) == {-signal.SIGSYS}, made


def test_memory_and_output_have_an_end_and_the_rest_goes_on(tried: dict[str, Any]) -> None:
    assert tried["memory"][0] == 3
    assert tried["endless output"][0] == 2
    assert tried["live"][:2] == [0, []]


# A decoder that has been taken over, and the broker


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Callable[..., Cage]]:
    made: list[Cage] = []

    def make(**options: float) -> Cage:
        cage = HostileCage(tmp_path, **{"children": 1, "photo_seconds": 20} | options)
        cage.start()
        cage.use()
        made.append(cage)
        return cage

    yield make
    for cage in made:
        cage.stop(signal.SIGKILL)
    os.environ.pop("HELIOGRAPH_CAGE", None)
    environment.use(None)


def _attack(name: str, photo: int) -> str:
    """Why the photo was given up; empty if it was answered."""
    try:
        cage_client.previews(photo, (name,))
    except Unprocessable as error:
        return str(error.cause)
    return ""


def test_whoever_is_refused_something_gets_no_other_photo_and_an_alarm_is_given(
    hostile: Callable[..., Cage], fd: Fd, monkeypatch: pytest.MonkeyPatch
) -> None:
    cage, photo = hostile(), fd(b"x")
    assert _attack("nothing", photo) == ""
    assert cage_client.hello()["alarms"] == 0
    before = cage.children()
    assert _attack("open", photo) == ""
    # The answer is told before the child is ended.
    wait_until(lambda: not {*before} & {*cage.children()}, "it is ended")
    assert cage_client.hello()["alarms"] == 1
    assert cage.log().count("ALARM") == 1 and "asked for open" in cage.log()
    (finding,) = [it for it in doctor._cage(environment.get()) if "alarm" in it.told]
    assert finding.level is doctor.Level.BAD


ENDS = {
    "exec": ("ended with -31", 1),
    "ask without end": ("asked for too much", 1),
    "sleep": ("took too long", 0),
    "spin": ("took too long", 0),
    "spin deaf": ("took too long", 0),
    "nonsense": ("nonsense", 0),
    "brackets": ("nonsense", 0),
    "flood": ("File too large", 0),
    "memory": ("memory", 0),
    "overwrite the photo": ("Bad file descriptor", 0),
}


@pytest.mark.parametrize("attack", ENDS)
def test_a_hostile_decoder_is_ended_and_the_next_photo_is_decoded(
    attack: str, hostile: Callable[..., Cage], tmp_path: Path
) -> None:
    hostile(photo_seconds=2 if attack == "sleep" else 20)
    (tmp_path / "photo").write_bytes(b"x")
    with (tmp_path / "photo").open("rb") as file:
        cause, alarms = ENDS[attack]
        assert cause in _attack(attack, file.fileno())
        assert _attack("nothing", file.fileno()) == ""
    assert cage_client.hello()["alarms"] == alarms


def test_a_decoder_that_works_on_without_a_photo_is_ended(hostile: Callable[..., Cage], fd: Fd) -> None:
    cage = hostile()
    assert _attack("answer and spin", fd(b"x")) == ""
    (child,) = cage.children()
    wait_until(lambda: child not in cage.children(), "it is ended")


def test_a_decoder_that_speaks_without_being_asked_is_ended(hostile: Callable[..., Cage], fd: Fd) -> None:
    hostile()
    assert _attack("chatter", fd(b"x")) == ""
    wait_until(lambda: cage_client.hello()["alarms"] > 0, "an alarm is given")
    assert _attack("nothing", fd(b"x")) == ""


def test_memory_that_a_thread_gives_back_is_no_alarm(hostile: Callable[..., Cage], fd: Fd) -> None:
    hostile(modern=1)
    assert _attack("free much", fd(b"x")) == ""
    assert cage_client.hello()["alarms"] == 0


def test_a_bomb_of_threads_is_ended_where_threads_may_be_made(hostile: Callable[..., Cage], fd: Fd) -> None:
    hostile(modern=1)
    assert "threads" in _attack("threads", fd(b"x"))


def test_a_bomb_of_threads_does_not_begin_where_they_may_not(hostile: Callable[..., Cage], fd: Fd) -> None:
    hostile()
    assert "ended with -31" in _attack("threads", fd(b"x"))


# The list of calls, on every processor

#: Numbers out of the kernel's tables: x86-64, and the newer common table that arm64 uses.
NUMBERS = {
    "X86_64": {
        "pread64": 17, "pwrite64": 18, "recvmsg": 47, "sendto": 44, "futex": 202, "exit_group": 231, "mmap": 9,
        "mprotect": 10, "munmap": 11, "brk": 12, "clone": 56, "clone3": 435, "openat": 257, "open": 2, "read": 0,
        "write": 1, "fstat": 5, "newfstatat": 262, "statx": 332, "execve": 59, "ptrace": 101, "socket": 41,
        "kill": 62, "tgkill": 234, "prctl": 157, "io_uring_setup": 425, "userfaultfd": 323, "prlimit64": 302,
        "rt_sigaction": 13, "ioctl": 16, "memfd_create": 319, "fork": 57, "pkey_mprotect": 329,
    },
    "AARCH64": {
        "pread64": 67, "pwrite64": 68, "recvmsg": 212, "sendto": 206, "futex": 98, "exit_group": 94, "mmap": 222,
        "mprotect": 226, "munmap": 215, "brk": 214, "clone": 220, "clone3": 435, "openat": 56, "read": 63,
        "write": 64, "fstat": 80, "newfstatat": 79, "statx": 291, "execve": 221, "ptrace": 117, "socket": 198,
        "kill": 129, "tgkill": 131, "prctl": 167, "io_uring_setup": 425, "userfaultfd": 282, "prlimit64": 261,
        "rt_sigaction": 134, "ioctl": 29, "memfd_create": 279, "pkey_mprotect": 288,
    },
}  # fmt: skip
MADE, ENDS_IT, TOLD, ABSENT = "made", "ended", "told", "absent"
_ENDINGS = {
    0x7FFF0000: MADE,
    0x80000000: ENDS_IT,
    0x7FC00000: TOLD,
    0x00050000 | 38: ABSENT,
    0x00050001: "refused",
}
_PID = 4711
_HOW = [((0, 4096, 3), MADE), ((0, 4096, 0), MADE), ((0, 4096, 4), ENDS_IT), ((0, 4096, 7), ENDS_IT)]
_PLAIN = {
    MADE: "pread64 pwrite64 recvmsg sendto futex exit_group munmap brk",
    TOLD: "open openat read write fstat newfstatat statx rt_sigaction ioctl",
    ENDS_IT: "execve ptrace socket kill io_uring_setup userfaultfd prlimit64 memfd_create fork",
    ABSENT: "clone3",
}
#: For each call, with which arguments it has which end.
EXPECTED: dict[str, list[tuple[tuple[int, ...], str]]] = {
    **{name: [((), ending)] for ending, names in _PLAIN.items() for name in names.split()},
    **dict.fromkeys(("mmap", "mprotect", "pkey_mprotect"), _HOW),
    "clone": [((17,), ENDS_IT), ((0x3D0F00,), ENDS_IT)],
    "tgkill": [((_PID, _PID, 6), MADE), ((1, 1, 9), ENDS_IT), ((_PID | 1 << 32, 1, 9), ENDS_IT)],
    "prctl": [((15,), MADE), ((4,), TOLD), ((22,), TOLD)],
}


def _ending(program: bytes, arch: int, number: int, arguments: tuple[int, ...]) -> str:
    """What the kernel would do: it reads classic BPF over `struct seccomp_data`."""
    six = [*arguments, *[0] * (6 - len(arguments))]
    data = io.BytesIO()
    data.write(number.to_bytes(4, "little") + arch.to_bytes(4, "little") + bytes(8))
    data.write(b"".join(it.to_bytes(8, "little") for it in six))
    held, at = 0, 0
    steps = list(calls.instructions(program))
    compare: dict[int, Callable[[int, int], bool]] = {
        0x15: lambda a, k: a == k,
        0x25: lambda a, k: a > k,
        0x35: lambda a, k: a >= k,
        0x45: lambda a, k: a & k != 0,
    }
    while True:
        code, yes, no, operand = steps[at]
        at += 1
        if code == 0x20:
            held = int.from_bytes(data.getvalue()[operand : operand + 4], "little")
        elif code == 0x54:
            held &= operand
        elif code == 0x05:
            at += operand
        elif code == 0x06:
            return _ENDINGS.get(operand, hex(operand))
        else:
            at += yes if compare[code](held, operand) else no


@pytest.mark.parametrize("processor", NUMBERS)
def test_the_list_says_the_same_on_every_processor(processor: str) -> None:
    arch = getattr(calls.library().Arch, processor)
    program = calls.program(watched=True, threads=False, pid=_PID, arch=arch)
    for name, number in NUMBERS[processor].items():
        for arguments, ending in EXPECTED[name]:
            assert _ending(program, arch, number, arguments) == ending, (name, arguments)
    assert _ending(program, arch, 9999, ()) == TOLD


def test_calls_in_the_tongue_of_another_processor_end_it() -> None:
    arch = calls.library().Arch
    program = calls.program(watched=True, threads=False, pid=_PID, arch=arch.X86_64)
    for other in (arch.X86, arch.AARCH64):
        assert _ending(program, other, 1, ()) == ENDS_IT
    assert _ending(program, arch.X86_64, 1 << 30 | 59, ()) == ENDS_IT  # x32


def test_threads_are_made_only_where_a_decoder_needs_them() -> None:
    arch = calls.library().Arch.X86_64
    program = calls.program(watched=False, threads=True, pid=_PID, arch=arch)
    assert _ending(program, arch, 56, (0x3D0F00,)) == MADE
    assert _ending(program, arch, 56, (17,)) == ENDS_IT
    assert _ending(program, arch, 257, ()) == "refused"  # nobody listens


# Landlock


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        (1, "ff1f000000000000"),
        (2, "ff3f000000000000"),
        (3, "ff7f000000000000"),
        (4, "ff7f000000000000" "0300000000000000"),
        (5, "ffff000000000000" "0300000000000000"),
        (6, "ffff000000000000" "0300000000000000" "0300000000000000"),
        (99, "ffff000000000000" "0300000000000000" "0300000000000000"),
    ],
)  # fmt: skip
def test_landlock_is_asked_for_all_that_a_kernel_of_its_version_knows(known: int, asked: str) -> None:
    assert landlock.attributes(known).hex() == asked
    assert landlock.flags(known) == (8 if known >= 8 else 0)


def test_a_rule_is_packed() -> None:
    assert landlock.beneath(5, 13).hex() == "0d0000000000000005000000"


_LOCKED = """
import json, os, signal, socket, sys
sys.path.insert(0, {root!r})
from heliograph.media.cage import landlock, walls
told = {{}}
def attempt(name, act):
    try: act()
    except BaseException as error: told[name] = type(error).__name__
    else: told[name] = "done"
def all(when):
    attempt(f"read {{when}}", lambda: open("/etc/passwd").read())
    attempt(f"write {{when}}", lambda: open("/tmp/heliograph-landlock-test", "w"))
    attempt(f"tcp {{when}}", lambda: socket.create_connection(("127.0.0.1", 9), 1))
    attempt(f"abstract {{when}}", lambda: socket.socket(socket.AF_UNIX).connect("\\0" + sys.argv[1]))
    attempt(f"signal {{when}}", lambda: os.kill(os.getppid(), 0))
walls.begin()
all("while it warms up")
missing = walls.close_in()
all("behind the walls")
print(json.dumps([missing, landlock.version(), told]))
"""


def test_landlock_by_itself_holds_before_and_after_the_warm_up() -> None:
    """Without the list of calls, to see this wall alone. On a kernel without Landlock it is said that it lacks."""
    with socket.socket(socket.AF_UNIX) as outside:
        outside.bind("")  # the kernel chooses an abstract name
        outside.listen()
        name = outside.getsockname().decode()
        command = [sys.executable, "-I", "-c", _LOCKED.format(root=ROOT), name[1:]]
        done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    missing, known, told = json.loads(done.stdout)
    if not known:
        assert "Landlock" in missing[0] and missing == walls.protection()
        return
    assert missing == []
    denied = "PermissionError"
    assert told["read while it warms up"] == "done"
    assert {
        told["read behind the walls"],
        told["write while it warms up"],
        told["write behind the walls"],
    } == {denied}
    if known >= 4:
        assert {told["tcp while it warms up"], told["tcp behind the walls"]} == {denied}
    if known >= 6:
        for what in ("abstract", "signal"):
            assert {told[f"{what} while it warms up"], told[f"{what} behind the walls"]} == {denied}, what


def test_missing_walls_are_said_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    lacks_landlock = [] if landlock.version() else [walls._NO_LANDLOCK]
    assert cage_client.protection() == lacks_landlock

    def gone() -> None:
        raise RuntimeError("Unable to find libseccomp")

    monkeypatch.setattr(calls, "library", gone)
    monkeypatch.setattr(landlock, "version", lambda: 0)
    seccomp, other = cage_client.protection()
    assert "libseccomp" in seccomp and "Landlock" in other
    assert walls.only_needed_calls() is None
    findings = list(doctor._cage(environment.get()))
    assert [it.level for it in findings[:2]] == [doctor.Level.ODD, doctor.Level.ODD]


def test_a_small_photo_that_was_straightened_is_still_a_picture(cage: Cage, fd: Fd) -> None:
    """What was left had less than 150 pixels; the client took the decoder for a liar."""
    from heliograph.media.frames import Frame
    from heliograph.media.recipes import Recipe

    made = cage_client.render(fd(corpus.jpeg(150, 150)), Recipe(frame=Frame(straighten=4.0)))
    assert 0 < made.largest.width < 150
