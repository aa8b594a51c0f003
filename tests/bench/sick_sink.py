"""A buyer app's address at which nothing goes well: it hangs, resets the connection, or answers 500."""

from __future__ import annotations

import socket
import struct
import threading
from types import TracebackType

HANG, RESET, ERROR = "hang", "reset", "500"
OOPS = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
AT_ONCE = struct.pack("ii", 1, 0)


class SickSink:
    """Listens on loopback; `behaviour` may be changed at any time, `asked` counts the connections."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/bap"
        self.behaviour = HANG
        self.asked = 0

    def __enter__(self) -> SickSink:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def _accept(self) -> None:
        try:
            while True:
                connection, _ = self._listener.accept()
                self.asked += 1
                threading.Thread(target=self._serve, args=[connection, self.behaviour], daemon=True).start()
        except OSError:
            return

    def _serve(self, connection: socket.socket, behaviour: str) -> None:
        with connection:
            try:
                connection.recv(65536)
                if behaviour == HANG:
                    while connection.recv(65536):
                        pass  # until the courier gives up
                elif behaviour == RESET:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                else:
                    connection.sendall(OOPS)
            except OSError:
                return
