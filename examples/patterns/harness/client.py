"""A connection that sends header lines as they are, and reads the status of the answer."""

import socket


class Connection:
    """One kept-alive connection; opened again when the server closed it."""

    def __init__(self, port):
        self.port = port
        self._socket = None
        self._rest = b""

    def status(self, lines, path="/api/reports"):
        """The status that answers a GET with these header lines."""
        request = b"\r\n".join([f"GET {path} HTTP/1.1".encode(), b"Host: 127.0.0.1", *lines])
        for fresh in (False, True):
            if fresh or self._socket is None:
                self.close()
                self._socket = socket.create_connection(("127.0.0.1", self.port), 30)
            try:
                self._socket.sendall(request + b"\r\n\r\n")
                return self._answer()
            except (ConnectionError, BrokenPipeError):
                # A kept connection may have been closed after the last answer; a fresh one may not.
                if fresh:
                    raise
        raise AssertionError("unreachable")

    def close(self):
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._rest = b""

    def _answer(self):
        while b"\r\n\r\n" not in self._rest:
            self._receive()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        fields = {}
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            fields[name.lower()] = value.strip().lower()
        if b"content-length" in fields:
            length = int(fields[b"content-length"])
            while len(self._rest) < length:
                self._receive()
            self._rest = self._rest[length:]
        if b"content-length" not in fields or fields.get(b"connection") == b"close":
            self.close()
        return status

    def _receive(self):
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection without an answer")
        self._rest += data
