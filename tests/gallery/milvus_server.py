"""A real Milvus server for tests: started, killed and started again on ports of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PORTS = (
    "etcd-port",
    "root-coord-port",
    "proxy-port",
    "proxy-internal-port",
    "query-coord-port",
    "query-node-port",
    "index-coord-port",
    "index-node-port",
    "data-coord-port",
    "data-node-port",
)


def free_ports(n: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class MilvusServer:
    """The server of the package ``milvus``, with its data in a folder."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.program, self.folder = program, folder
        self.ports = dict(zip(PORTS, free_ports(len(PORTS))))
        self.url = f"http://127.0.0.1:{self.ports['proxy-port']}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, patience: float = 120) -> None:
        """Start it and wait until it answers."""
        from pymilvus import MilvusClient

        self.folder.mkdir(parents=True, exist_ok=True)
        options = [f"--{name}={port}" for name, port in self.ports.items()]
        options += ["--extra-config", "proxy.timeTickInterval=20"]  # a read of one's own write waits for a tick
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.program, "--data", self.folder / "data", *options],
                stdout=log,
                stderr=log,
                start_new_session=True,  # the wrapper leaves its child alone when it is killed
            )
        end = time.monotonic() + patience
        while True:
            try:
                client = MilvusClient(uri=self.url, timeout=5)
                client.list_collections()  # a connection alone may be one that pymilvus kept
                return
            except Exception:
                if time.monotonic() > end or self.process.poll() is not None:
                    tail = (self.folder / "server.log").read_text(errors="replace")[-2000:]
                    self.kill()
                    raise RuntimeError(f"the Milvus server did not come up: {tail}") from None
                time.sleep(0.5)

    def kill(self) -> None:
        """Kill it and everything it started, at once."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None
        end = time.monotonic() + 30
        while time.monotonic() < end and any(_listens(port) for port in self.ports.values()):
            time.sleep(0.2)

    def close(self) -> None:
        """Kill it and delete its data."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _listens(port: int) -> bool:
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0
