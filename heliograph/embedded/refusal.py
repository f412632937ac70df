"""Why the local stack does not start, said in one sentence. Ends the command with exit code 2."""

from __future__ import annotations


class CannotStart(Exception):
    """The local network cannot start; the message is one clear sentence for a person."""
