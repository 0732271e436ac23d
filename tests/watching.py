"""Runs programs under strace, and finds what in their system calls reaches outside this machine."""

import ipaddress
import re
import shutil
from pathlib import Path

CALLS = "socket,connect,sendto,sendmsg,sendmmsg,io_uring_setup"
FAMILIES = frozenset({"AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"})
"""Sockets that may be opened. Netlink speaks with the kernel: the C library asks it for this machine's addresses."""

LOOK_UPS = re.compile(r'port=htons\(53\)|/systemd/resolve/|"\\2\\0\\0\\0(?:\\[4-7]|\\r|\\16)\\0')
"""Name servers are asked even where they listen on this machine: they ask others in turn.

The last of the three asks nscd, which also knows the users, for a host.
"""

_ADDRESS = re.compile(r'(?:inet_addr\(|inet_pton\(AF_INET6, )"([^"]+)"')
_SOCKET = re.compile(r"socket\((\w+)")


def watched(trace: Path) -> list[str]:
    """Return what to put before a command, so that its calls and those of all that it starts lie in a file."""
    strace = shutil.which("strace")
    assert strace, "strace is missing, and without it nobody sees what is sent: apt install strace"
    return [strace, "--follow-forks", "-qq", "--seccomp-bpf", "-e", f"trace={CALLS}", "-o", str(trace)]


def outside(trace: str) -> list[str]:
    """Return the lines of a trace that reach, or might reach, outside this machine."""
    return [line for line in trace.splitlines() if _reaches_out(line)]


def _reaches_out(line: str) -> bool:
    opened = _SOCKET.search(line)
    if opened:
        return opened[1] not in FAMILIES
    if "io_uring_setup(" in line or LOOK_UPS.search(line):
        return True
    if "sa_family=AF_INET" in line and not _ADDRESS.search(line):
        return True
    return any(not _is_here(address) for address in _ADDRESS.findall(line))


def _is_here(text: str) -> bool:
    address = ipaddress.ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
