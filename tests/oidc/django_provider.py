"""An OpenID provider of Django OAuth Toolkit: folder, port, redirect URI, the key that signs, further keys."""

import ssl
import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings

folder, port, redirect, active, *others = sys.argv[1:]
folder = Path(folder)

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "django.sqlite3"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": Path(active).read_text(),
        "OIDC_RSA_PRIVATE_KEYS_INACTIVE": [Path(key).read_text() for key in others],
        "PKCE_REQUIRED": True,
        "SCOPES": {"openid": "who you are"},
    },
    ROOT_URLCONF=__name__,
    SECRET_KEY="for the test only",
    USE_TZ=True,
)
django.setup()

from django.contrib.auth import get_user_model, login  # noqa: E402  after setup
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from oauth2_provider.models import get_application_model  # noqa: E402


def sign_in(request):
    """The one user, without a password: what is tried here begins after it."""
    login(request, get_user_model().objects.get(username="ann"), "django.contrib.auth.backends.ModelBackend")
    return HttpResponse()


urlpatterns = [path("login", sign_in), path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]


class Server(ThreadingMixIn, WSGIServer):
    """Over TLS, each connection in a thread of its own."""

    daemon_threads = True

    def handle_error(self, *_):
        """A client that does not wait for its answer."""

    def setup_environ(self):
        super().setup_environ()
        self.base_environ["HTTPS"] = "on"

    def get_request(self):
        connection, address = super().get_request()
        # The handshake is made by the thread that reads.
        return tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address


class Quiet(WSGIRequestHandler):
    """Without a line for each request."""

    def log_message(self, *_):
        pass


call_command("migrate", verbosity=0)
get_user_model().objects.get_or_create(username="ann")
for client in ["app", "other"]:
    get_application_model().objects.get_or_create(
        client_id=client,
        defaults={
            "algorithm": "RS256",
            "authorization_grant_type": "authorization-code",
            "client_type": "public",
            "redirect_uris": redirect,
            "skip_authorization": True,
        },
    )

tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
tls.load_cert_chain(folder / "server.pem", folder / "server.key")
with make_server("127.0.0.1", int(port), get_wsgi_application(), Server, Quiet) as server:
    print("listening", flush=True)
    server.serve_forever()
