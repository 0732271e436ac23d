"""A fence around the program: Python code in it reaches nothing outside this machine.

It is the second one. The first is that nothing in Veil tries; the tests trace the system calls of whole sessions to see
that. This one is for a library that changes its mind: it sees what goes through Python's own sockets, whoever calls
them, and refuses. It does not see what libraries in C do by themselves, nor a name that is handed to connect() itself,
which Python looks up before it asks. Only the programs that Veil starts have it, not those that import Veil.
"""

import logging
import socket
import sys
from errno import EPERM
from ipaddress import IPv6Address, ip_address
from typing import Any

HERE = frozenset({"", "localhost"})
"""Names that lead nowhere else; the empty one is every address of this machine, to listen on."""

log = logging.getLogger(__name__)


class Fence:
    """Refuses to look up, connect to, or send to what is outside this machine, once it stands. It never goes away.

    Sockets of this machine's own file system, loopback addresses, and the hosts that were named are open. To accept
    connections is not its concern: whoever serves has said where.
    """

    def __init__(self) -> None:
        self._named: set[str] = set()

    def stand(self) -> None:
        """Watch the rest of this process."""

        def watch(event: str, arguments: tuple[Any, ...]) -> None:
            if event.startswith("socket."):
                self._watch(event, arguments)

        sys.addaudithook(watch)

    def open_for(self, host: str) -> None:
        """Let a host be reached that the administrator has named."""
        self._named.add(host.lower())

    def _watch(self, event: str, arguments: tuple[Any, ...]) -> None:
        match event:
            case "socket.connect" | "socket.sendto" | "socket.sendmsg":
                held, address = arguments
                self._check(held.family, address)
            case "socket.getaddrinfo" | "socket.gethostbyname":
                self._check_host(arguments[0])
            case "socket.gethostbyaddr":
                self._check_place(arguments[0])
            case "socket.getnameinfo":
                self._check_place(arguments[0][0])

    def _check(self, family: int, address: Any) -> None:
        if family == socket.AF_UNIX or address is None:  # None: sent to where it is connected already
            return
        if family not in (socket.AF_INET, socket.AF_INET6):
            _refuse()
        self._check_place(address[0])

    def _check_place(self, host: str) -> None:
        if not (_is_here(host) or self._is_named(host)):
            _refuse()

    def _check_host(self, host: Any) -> None:
        """Refuse to look up a name; an address is not looked up, and harmless as long as nobody connects to it."""
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host or ""
        if not (_is_address(name) or name.lower() in HERE or name.lower() in self._named):
            _refuse()

    def _is_named(self, host: str) -> bool:
        """Return whether an address, or a name, is one of a host that was named."""
        return host.lower() in self._named or any(
            entry[4][0] == host for name in self._named for entry in socket.getaddrinfo(name, None)
        )


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_here(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host.lower() == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _refuse() -> None:
    log.error("something in this program wanted to reach another machine and was refused; please report it")
    raise PermissionError(EPERM, "Veil lets nothing in this program reach another machine")
