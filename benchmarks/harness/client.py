"""A client that sends one request at a time."""

import socket

from . import BenchError


def status(port, request):
    """The status that a request is answered with."""
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.sendall(request)
        return int(connection.recv(4096).split()[1])


def converse(port, requests, count):
    """Sends `count` requests on one connection, each after the answer to the one before."""
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        for i in range(count):
            connection.sendall(requests[i % len(requests)])
            answer = connection.recv(4096)
            if not answer.startswith(b"HTTP/1.1 200 "):
                raise BenchError(f"request {i} on port {port} was answered {answer[:200]!r}")
            while b"\r\n\r\nGIF89a" not in answer or not answer.endswith(b";"):
                answer += connection.recv(4096)
