"""Starts nginx and gunicorn on free loopback ports, and stops them by their process id."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

FOLDER = pathlib.Path(__file__).resolve().parent.parent
ROOT = FOLDER.parent.parent
START_LIMIT = 20  # seconds until a server must answer

# What only the test needs: room for tokens of 24 KiB, and folders that any user can write to.
_TEST_CONF = """
    large_client_header_buffers 4 64k;
    keepalive_requests          1000000;
    client_body_temp_path       temp/body;
    proxy_temp_path             temp/proxy;
    fastcgi_temp_path           temp/fastcgi;
    uwsgi_temp_path             temp/uwsgi;
    scgi_temp_path              temp/scgi;
"""


class StartError(Exception):
    """A server did not start; the message says which, and what it printed."""


def nginx_and_module():
    """The executable and the module under test, as `make build` leaves them."""
    nginx = os.environ.get("NGINX_BIN", str(ROOT / "build/nginx"))
    module = os.environ.get("NGINX_MODULE", str(ROOT / "build/ngx_http_auth_jwt_module.so"))
    for file in (nginx, module):
        if not os.path.exists(file):
            raise StartError(f"{file} is not there: run `make build` first")
    return os.path.abspath(nginx), os.path.abspath(module)


def listening_socket():
    """A socket that listens on a free loopback port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    return listener


@contextlib.contextmanager
def gunicorn(prefix, folder, app, workers=1):
    """A Flask application of ours; yields its port. Threads, so that connections are kept."""
    with listening_socket() as listener, open(prefix / f"{app}.log", "wb") as log:
        command = [
            sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}",
            "--workers", str(workers), "--worker-class", "gthread", "--threads", "8",
            "--keep-alive", "60", "--limit-request-field_size", "65536", "--log-level", "error",
            "--pythonpath", str(FOLDER / folder), f"{app}:app",
        ]
        process = subprocess.Popen(command, cwd=prefix, stdout=log, stderr=log,
                                   pass_fds=[listener.fileno()], start_new_session=True)
        port = listener.getsockname()[1]
        try:
            _wait_until_answered(process, port, prefix / f"{app}.log")
            yield port
        finally:
            _stop(process, signal.SIGTERM)


@contextlib.contextmanager
def nginx(prefix, name, conf, ports, executable, module):
    """nginx with this configuration file; yields its port.

    `ports` says which port takes the place of which in the file. The port that the file listens
    on is replaced by a free one.
    """
    home = prefix / name
    for folder in ("logs", "temp", "modules"):
        (home / folder).mkdir(parents=True)
        (home / folder).chmod(0o777)
    (home / "keys").symlink_to(prefix / "keys")
    (home / "modules" / "ngx_http_auth_jwt_module.so").symlink_to(module)
    listens = re.search(r"listen 127\.0\.0\.1:(\d+);", conf).group(1)

    for attempt in range(5):
        with listening_socket() as probe:
            port = probe.getsockname()[1]
        text = conf
        for old, new in (ports | {int(listens): port}).items():
            text = re.sub(rf"127\.0\.0\.1:{old}\b", f"127.0.0.1:{new}", text)
        text = text.replace("http {", "http {" + _TEST_CONF, 1)
        (home / "nginx.conf").write_text(text)
        log = home / "logs" / "start.log"
        with open(log, "wb") as output:
            process = subprocess.Popen(
                [executable, "-p", f"{home}/", "-c", "nginx.conf", "-g", "daemon off;",
                 "-e", "logs/error.log"],
                cwd=home, stdout=output, stderr=output, start_new_session=True)
        try:
            _wait_until_answered(process, port, log, home / "logs" / "error.log")
        except StartError as error:
            _stop(process, signal.SIGQUIT)
            if "Address already in use" in str(error) and attempt < 4:
                continue
            raise
        break
    try:
        yield port
    finally:
        _stop(process, signal.SIGQUIT)


def _wait_until_answered(process, port, *logs):
    """Returns when the server answers an HTTP request."""
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as s:
            s.settimeout(START_LIMIT)
            s.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
            if s.recv(1):
                return
        process.poll() is None and _until_next_try(process)
    output = "\n".join(log.read_text(errors="replace") for log in logs if log.exists())
    raise StartError(f"{' '.join(process.args[:2])} did not start:\n{output}")


def _until_next_try(process):
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(0.05)


def _stop(process, how):
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
