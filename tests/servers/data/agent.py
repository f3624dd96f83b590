"""An agent as people write them: at each port it says one line to whoever comes, and closes."""

import socket
from contextlib import suppress
from threading import Thread

SAID = {7777: "up 50% # half a load\n", 7778: "down # disk full\n", 7779: "hello, world\n"}


def serve(listener, line):
    while True:
        connection, _ = listener.accept()
        with connection, suppress(ConnectionError):
            connection.sendall(line.encode())


for port, line in SAID.items():
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(64)
        Thread(target=serve, args=(listener, line)).start()
