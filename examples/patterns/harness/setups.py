"""The four ways to decide: each pattern, and the module in its place."""

import contextlib
import tempfile
import pathlib

from corpus.keys import key_set

from .servers import FOLDER, gunicorn, nginx, nginx_and_module

POLICIES = {
    1: "valid signature, exp and nbf if there",
    2: "valid signature, exp required, admin group",
}


@contextlib.contextmanager
def prefix():
    """A temporary folder with the keys, readable by nginx's workers whoever they run as."""
    with tempfile.TemporaryDirectory(prefix="patterns-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        (folder / "keys").mkdir()
        (folder / "keys" / "jwks.json").write_text(key_set())
        yield folder


@contextlib.contextmanager
def all_four(folder, api_port=None):
    """Starts everything; yields {(policy, "pattern" or "module"): port}.

    `api_port` is the upstream of policy 1; without it, that is the Flask API.
    """
    executable, module = nginx_and_module()
    with contextlib.ExitStack() as stack:
        start = stack.enter_context
        auth = start(gunicorn(folder, "auth-request", "auth_service", workers=2))
        before = start(gunicorn(folder, "in-the-api", "api_before", workers=2))
        after = start(gunicorn(folder, "in-the-api", "api_after"))

        def conf(path, **upstreams):
            ports = {int(k[1:]): v for k, v in upstreams.items()}
            text = (FOLDER / path).read_text()
            return start(nginx(folder, path.replace("/", "-"), text, ports, executable, module))

        yield {
            (1, "pattern"): conf("auth-request/before.conf", _9000=api_port or after, _9001=auth),
            (1, "module"): conf("auth-request/after.conf", _9000=api_port or after),
            (2, "pattern"): conf("in-the-api/before.conf", _9000=before),
            (2, "module"): conf("in-the-api/after.conf", _9000=after),
        }
