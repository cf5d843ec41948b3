"""The same API behind nginx with the module: only what it is for is left."""

from flask import Flask

app = Flask(__name__)


@app.route("/api/reports")
def reports():
    return {"reports": ["2024-Q1", "2024-Q2"]}
