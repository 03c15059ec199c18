"""Errors that the command line shows without a traceback."""

from __future__ import annotations


class BenchmarkError(RuntimeError):
    """A benchmark cannot do what was asked; the message says what to change."""
