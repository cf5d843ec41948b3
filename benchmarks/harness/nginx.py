"""nginx's side: the pair under test, its configuration, and a prefix to run it in."""

import contextlib
import os
import signal

from . import ROOT, BenchError
from .processes import serve

BINARY = os.environ.get("NGINX_BIN", str(ROOT / "build/for-vendored/nginx"))
MODULE = os.environ.get(
    "NGINX_MODULE", str(ROOT / "build/for-vendored/ngx_http_auth_jwt_module.so"))

# empty_gif answers 43 bytes after the access phase, which `return` would come before.
LOCATION = "location = /gif { empty_gif; %s }"

_MAIN = """
%(load)s
worker_processes 1;
pid              nginx.pid;
error_log        error.log;
events { worker_connections 512; }
http {
    access_log                  off;
    keepalive_requests          1000000000;
    keepalive_timeout           1h;
    large_client_header_buffers 4 64k;
    client_body_temp_path       temp;
    proxy_temp_path             temp;
    fastcgi_temp_path           temp;
    uwsgi_temp_path             temp;
    scgi_temp_path              temp;
%(http)s
    server {
        listen 127.0.0.1:%(port)s;
%(server)s
    }
}
"""


def check_pair():
    """Complains when `make build` has not been run."""
    for file in (BINARY, MODULE):
        if not os.path.exists(file):
            raise BenchError(f"{file} is not there: run `make build` first")


def write(folder, name, server, http="", module=True, port=0):
    """Makes a prefix below `folder` with this configuration; its path."""
    home = folder / name
    (home / "temp").mkdir(parents=True, exist_ok=True)
    home.chmod(0o755)
    (home / "temp").chmod(0o777)
    load = f"load_module {os.path.abspath(MODULE)};" if module else ""
    (home / "nginx.conf").write_text(
        _MAIN % {"load": load, "http": http, "server": server, "port": port})
    return home


@contextlib.contextmanager
def nginx(folder, name, server, http="", module=True, core=None, under=(), options="daemon off;"):
    """A running nginx; `under` is put before the command. Yields the Server."""
    home = folder / name

    def command(port):
        write(folder, name, server, http, module, port)
        return [*under, os.path.abspath(BINARY), "-p", f"{home}/", "-c", "nginx.conf",
                "-e", "error.log", "-g", options]

    home.mkdir(parents=True, exist_ok=True)
    with serve(name, command, home, stop=signal.SIGQUIT, core=core,
               logs=[home / "error.log"]) as server:
        yield server
