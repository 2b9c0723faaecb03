"""What a chat source says when its configuration cannot work."""

from __future__ import annotations


class SourceError(Exception):
    """The source cannot work as configured; the text is one sentence for whoever configured it."""
