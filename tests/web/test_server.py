import contextlib
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests import fakes
from veil.errors import UsageError
from veil.web.server import serve

PROGRAM = "from veil.web.server import serve; serve(port=0)"


@pytest.mark.parametrize("host", ["0.0.0.0", "localhost", "::", "192.168.1.2", ""])
def test_only_this_computer_is_served(host: str) -> None:
    with pytest.raises(UsageError, match=r"127\.0\.0\.1 only"):
        serve(host)


def test_a_port_in_use_is_said_clearly() -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} cannot be had"):
            serve(port=port)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_photos_are_deleted_when_the_server_stops(tmp_path: Path, stop: signal.Signals) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        address = server.stdout.readline().split()[-1]
        request = urllib.request.Request(f"{address}/photos", data=fakes.photo(), method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 201
            assert answer.headers["Server"] is None
        assert len(list(tmp_path.iterdir())) == 1
        server.send_signal(stop)
        assert server.wait(60) == 0
        assert server.stderr.read() == ""
    assert list(tmp_path.iterdir()) == []
