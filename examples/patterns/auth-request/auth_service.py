"""The auth service that nginx asks about every request: 200 lets it through, 403 denies."""

import os

from flask import Flask, request
from jwcrypto import jwk, jwt

app = Flask(__name__)

with open(os.environ.get("JWKS_FILE", "keys/jwks.json")) as file:
    KEYS = jwk.JWKSet.from_json(file.read())


def bearer_token():
    scheme, token = request.headers["Authorization"].split()
    if scheme.lower() != "bearer":
        raise ValueError("not a bearer token")
    return token


@app.route("/auth")
def auth():
    try:
        jwt.JWT(jwt=bearer_token(), key=KEYS, expected_type="JWS")
    except Exception as error:
        uri = request.headers.get("X-Original-URI", "-")
        app.logger.warning("denied %s: %s", uri, type(error).__name__)
        return "", 403
    return "", 200
