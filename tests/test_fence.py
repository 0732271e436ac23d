import subprocess
import sys

BEFORE = """
import socket, sys
from veil.fence import Fence
fence = Fence()
fence.stand()
"""
ELSEWHERE = "192.0.2.1"  # set aside for examples; it is nobody's


def python(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program behind a fence, in a process of its own, since the fence never goes away."""
    return subprocess.run([sys.executable, "-c", BEFORE + program], capture_output=True, text=True, check=False)


TRIES = (
    f"socket.create_connection(('{ELSEWHERE}', 80))",
    f"socket.socket().connect_ex(('{ELSEWHERE}', 80))",
    f"socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('{ELSEWHERE}', 53))",
    f"socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('{ELSEWHERE}', 53))",
    f"socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('{ELSEWHERE}', 53))",
    "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
    f"socket.socket(socket.AF_INET6).connect(('::ffff:{ELSEWHERE}', 80))",
    "socket.getaddrinfo('www.example', 80)",
    "socket.getaddrinfo(b'www.example', 80)",
    "socket.gethostbyname('www.example')",
    "socket.gethostbyname_ex('www.example')",
    f"socket.gethostbyaddr('{ELSEWHERE}')",
    f"socket.getnameinfo(('{ELSEWHERE}', 80), 0)",
    "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).connect((0, 0))",
    "import http.client; http.client.HTTPConnection('www.example').connect()",
)


def test_nothing_outside_is_reached() -> None:
    result = python(
        f"""
for attempt in {TRIES!r}:
    try:
        exec(attempt)
    except PermissionError as error:
        assert "Veil lets nothing in this program reach another machine" in str(error)
    else:
        print(attempt)
"""
    )
    assert (result.returncode, result.stdout) == (0, ""), result.stderr
    assert result.stderr.count("wanted to reach another machine and was refused") == len(TRIES)


def test_this_machine_is_reached() -> None:
    result = python(
        """
for host, family in ("127.0.0.1", socket.AF_INET), ("localhost", socket.AF_INET):
    with socket.create_server((host, 0), family=family) as server:
        socket.create_connection(server.getsockname()[:2]).close()
one, other = socket.socketpair()
one.sendmsg([b"x"])
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.sendto(b"x", ("127.0.0.1", 9))
socket.getaddrinfo(None, 80)
fence._check_place("::ffff:127.0.0.1")
"""
    )
    assert result.returncode == 0, result.stderr


def test_who_was_named_is_reached() -> None:
    names = f"""
found = {{"broker.example": [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("{ELSEWHERE}", 80))]}}
socket.getaddrinfo = lambda host, *_: found[host]
fence.open_for("Broker.example")
fence.open_for("2001:db8::1")
found["2001:db8::1"] = []
stream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # connecting it sends nothing
"""
    assert python(names + f"stream.connect(('{ELSEWHERE}', 80))").returncode == 0
    assert "PermissionError" in python(names + "stream.connect(('192.0.2.2', 80))").stderr
