"""The fences around a process that reads a file: it may compute, and use the descriptors it was given; no more.

The filter of system calls is made by libseccomp, which knows the numbers of every processor and is there on every
Debian, Ubuntu and Fedora; it is used where it is found, and never shipped. Landlock has no C library, and the packages
for it on PyPI are young: with no path allowed, it takes the two system calls below. What the system does not offer is
told by :attr:`Fences.missing`, never passed over in silence.
"""

import ctypes
import errno
import os
import resource
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ALLOWED = """
    read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek _llseek close fstat fstat64 fsync
    fdatasync ftruncate ftruncate64 fallocate memfd_create dup poll ppoll select pselect6 _newselect
    recvfrom recvmsg sendto sendmsg recv send shutdown
    brk mmap mmap2 munmap mprotect mremap madvise mlock munlock membarrier
    futex futex_time64 set_robust_list get_robust_list rseq set_tid_address sched_yield exit exit_group
    sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min getcpu
    rt_sigaction rt_sigprocmask rt_sigreturn sigreturn sigaltstack restart_syscall
    clock_gettime clock_gettime64 clock_getres clock_getres_time64 clock_nanosleep clock_nanosleep_time64 nanosleep
    gettimeofday time times getrusage getrandom sysinfo uname
    getpid gettid getppid getuid geteuid getgid getegid getuid32 geteuid32 getgid32 getegid32
"""
"""System calls that work on memory, time, threads and open descriptors alone."""

_FCNTL = (0, 1, 2, 3, 1030)  # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC: not those that send signals
_PRCTL_NAMES = (15, 0x53564D41)  # PR_SET_NAME, PR_SET_VMA: names of threads and of memory
_CLONE_THREAD = 0x00010000
_AT_EMPTY_PATH = 0x1000  # asks about an open descriptor

_LIBRARY = "libseccomp.so.2"
_SCMP_ALLOW, _SCMP_ERRNO = 0x7FFF0000, 0x00050000
_EQUAL, _MASKED_EQUAL = 4, 7

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_SECCOMP_MODE_FILTER = 2
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446  # the same on every processor
_LANDLOCK_VERSION = 1
_LANDLOCK_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_LANDLOCK_NETWORK_SINCE, _LANDLOCK_NETWORK = 4, 0b11
_LANDLOCK_SCOPES_SINCE, _LANDLOCK_SCOPES = 6, 0b11
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a process may use.

    Attributes:
        memory_bytes: Address space.
        processor_seconds: Of all its threads together, from its beginning to its end.
        file_bytes: Size of a file that it writes.
        open_files: Descriptors.
    """

    memory_bytes: int
    processor_seconds: int
    file_bytes: int
    open_files: int = 64


class _Compare(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class Fences:
    """What this system offers, made ready once for all processes that are forked from this one.

    Attributes:
        missing: In plain words, the fences that this system does not offer.
    """

    def __init__(self) -> None:
        """Prepare the fences. Without the filter, this process itself leaves the network, if it can."""
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._filter = _filter()
        self._keeps_from_others = False
        self._ruleset = self._deny_all_paths()
        self.missing = tuple(self._find_missing())

    @property
    def descriptors(self) -> tuple[int, ...]:
        """The open descriptors that are needed to close the fences."""
        return () if self._ruleset is None else (self._ruleset,)

    def close_around(self, bounds: Bounds) -> None:
        """Confine this process, which has one thread, for good.

        Raises:
            OSError: A fence that was prepared does not close; then nothing must be read.
        """
        with suppress(OSError):  # it is the first to go when memory runs out
            Path("/proc/self/oom_score_adj").write_text("1000")
        _limit(bounds)
        if not sys.platform.startswith("linux"):
            return
        self._prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        self._prctl(_PR_SET_NO_NEW_PRIVS, 1)
        if self._ruleset is not None:
            self._check(self._libc.syscall(_LANDLOCK_RESTRICT, self._ruleset, 0))
            os.close(self._ruleset)
        if self._filter is not None:
            program = _Program(len(self._filter) // 8, self._filter)
            self._prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program))

    def _find_missing(self) -> Iterator[str]:
        if self._filter is None:
            yield "a filter of system calls (libseccomp was not found)"
            if not self._leave_network():
                yield "being cut off from the network"
        if self._ruleset is None:
            yield "Landlock (the system does not offer it)"
            if self._filter is None:
                yield "being kept from other files"
        if self._filter is None and not self._keeps_from_others:
            yield "being kept from other processes"

    def _leave_network(self) -> bool:
        if not sys.platform.startswith("linux"):
            return False
        return any(self._libc.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))

    def _deny_all_paths(self) -> int | None:
        """Return a set of Landlock's rules under which no path may be used; None if there is no Landlock."""
        if not sys.platform.startswith("linux"):
            return None
        version = self._libc.syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION)
        if version < 1:
            return None
        rules = _Ruleset(max(mask for since, mask in _LANDLOCK_FILES.items() if since <= version), 0, 0)
        size = 8
        if version >= _LANDLOCK_NETWORK_SINCE:
            rules.network, size = _LANDLOCK_NETWORK, 16
        if version >= _LANDLOCK_SCOPES_SINCE:
            rules.scopes, size = _LANDLOCK_SCOPES, 24
        made = self._libc.syscall(_LANDLOCK_CREATE, ctypes.byref(rules), ctypes.c_size_t(size), 0)
        self._keeps_from_others = made >= 0 and bool(rules.scopes)
        return made if made >= 0 else None

    def _prctl(self, option: int, *arguments: object) -> None:
        filled = [ctypes.c_ulong(each) if isinstance(each, int) else each for each in (*arguments, 0, 0, 0)[:4]]
        self._check(self._libc.prctl(option, *filled))

    def _check(self, answer: int) -> None:
        if answer != 0:
            raise OSError(ctypes.get_errno(), "a fence does not close")


def _limit(bounds: Bounds) -> None:
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_AS: bounds.memory_bytes,
        resource.RLIMIT_FSIZE: bounds.file_bytes,
        resource.RLIMIT_NOFILE: bounds.open_files,
        resource.RLIMIT_CPU: bounds.processor_seconds,
    }
    for what, most in limits.items():
        _, hard = resource.getrlimit(what)
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (value, value))  # both alike: the softer one is a signal, which can be ignored


def _filter() -> bytes | None:
    """Return a filter, as the kernel takes it, that refuses all system calls but a few; None without libseccomp."""
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError:
        return None
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_SCMP_ERRNO | errno.EPERM)))
    if not context:
        return None
    try:
        for action, call, compares in _rules():
            number = library.seccomp_syscall_resolve_name(call.encode())
            if number < 0:  # not a call of this processor
                continue
            tests = (_Compare * len(compares))(*compares)
            if library.seccomp_rule_add_array(context, ctypes.c_uint32(action), number, len(compares), tests) != 0:
                return None
        reading, writing = os.pipe()  # which holds it all
        try:
            if library.seccomp_export_bpf(context, writing) != 0:
                return None
            return os.read(reading, 1 << 16)
        finally:
            os.close(reading)
            os.close(writing)
    finally:
        library.seccomp_release(context)


def _rules() -> Iterable[tuple[int, str, tuple[_Compare, ...]]]:
    """Yield actions, calls, and what their arguments must be."""
    for call in ALLOWED.split():
        yield _SCMP_ALLOW, call, ()
    for value in _FCNTL:
        yield _SCMP_ALLOW, "fcntl", (_Compare(1, _EQUAL, value, 0),)
    for value in _PRCTL_NAMES:
        yield _SCMP_ALLOW, "prctl", (_Compare(0, _EQUAL, value, 0),)
    yield _SCMP_ALLOW, "clone", (_Compare(0, _MASKED_EQUAL, _CLONE_THREAD, _CLONE_THREAD),)
    yield _SCMP_ERRNO | errno.ENOSYS, "clone3", ()  # its arguments cannot be seen; clone is then used instead
    yield _SCMP_ALLOW, "newfstatat", (_Compare(3, _MASKED_EQUAL, _AT_EMPTY_PATH, _AT_EMPTY_PATH),)
