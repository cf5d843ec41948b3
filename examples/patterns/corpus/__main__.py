"""Prints the corpus: `python3 -m corpus`, one request a line, as JSON."""

import json

from . import requests_of_all

for token in requests_of_all():
    lines = [line.decode("latin-1") for line in token.lines]
    print(json.dumps({"name": token.name, "expect": token.expect, "lines": lines}))
