"""Real brokers on loopback for the crash tests: Redis and RabbitMQ, as Debian packages them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path

RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
START_SECONDS = 60


def free_ports(count: int) -> list[int]:
    """Return free ports of loopback, each another."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class Broker(ABC):
    """A broker of one kind; `stop` is as sudden as a power cut."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, *self._more = free_ports(3)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Return the address that Celery is given."""

    @staticmethod
    @abstractmethod
    def is_installed() -> bool:
        """Tell whether the Debian package is there."""

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        argv, environ = self._command()
        with (self.folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                argv, env=os.environ | environ, cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "broker.log").read_text()
            assert time.monotonic() < deadline, f"no broker within {START_SECONDS} s"
            time.sleep(0.2)

    def stop(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    @abstractmethod
    def _command(self) -> tuple[list[str], dict[str, str]]:
        """Return what to start, and its environment."""

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return True
        except OSError:
            return False


class Redis(Broker):
    """Without persistence: what it held is gone when it stops."""

    @staticmethod
    def is_installed() -> bool:
        return shutil.which("redis-server") is not None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def _command(self) -> tuple[list[str], dict[str, str]]:
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        return ["redis-server", *options], {}


class RabbitMq(Broker):
    """With its own node name, ports and folders, and the user that only loopback may use."""

    @staticmethod
    def is_installed() -> bool:
        return RABBITMQ.exists()

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def stop(self) -> None:
        super().stop()
        # The port mapper that it started is a process of its own.
        subprocess.run(["epmd", "-port", str(self._more[1]), "-kill"], check=False, capture_output=True, timeout=10)

    def _command(self) -> tuple[list[str], dict[str, str]]:
        for name in ("mnesia", "log"):
            (self.folder / name).mkdir(exist_ok=True)
        (self.folder / "plugins").write_text("[].")
        environ = {
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": f"crash{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._more[0]),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_CONFIG_FILE": str(self.folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "ERL_EPMD_PORT": str(self._more[1]),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        return [str(RABBITMQ)], environ


BROKERS: dict[str, type[Broker]] = {"redis": Redis, "rabbitmq": RabbitMq}
