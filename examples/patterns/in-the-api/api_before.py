"""An API that verifies the token itself, and asks for the admin group, in every handler."""

import functools
import os

from flask import Flask, abort, request
from jwcrypto import jwk, jwt

app = Flask(__name__)

with open(os.environ.get("JWKS_FILE", "keys/jwks.json")) as file:
    KEYS = jwk.JWKSet.from_json(file.read())


def verified_claims():
    scheme, token = request.headers["Authorization"].split()
    if scheme.lower() != "bearer":
        raise ValueError("not a bearer token")
    verified = jwt.JWT(jwt=token, key=KEYS, expected_type="JWS", check_claims={"exp": None})
    return jwt.json_decode(verified.claims)


def admins_only(handler):
    @functools.wraps(handler)
    def checked(*args, **kwargs):
        try:
            claims = verified_claims()
        except Exception as error:
            app.logger.warning("denied %s: %s", request.path, type(error).__name__)
            abort(401)
        if "groups" not in claims or "admin" not in claims["groups"]:
            abort(403)
        return handler(*args, **kwargs)

    return checked


@app.route("/api/reports")
@admins_only
def reports():
    return {"reports": ["2024-Q1", "2024-Q2"]}
