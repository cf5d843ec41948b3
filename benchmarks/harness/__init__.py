"""Measures the module beside nginx without authentication and beside its peers."""

import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent.parent
ROOT = FOLDER.parent


class BenchError(Exception):
    """Something that must be there or hold is not; the message says what to do."""
