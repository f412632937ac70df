"""Every flow, imported: the worker knows all tasks and mirrors from here. A test keeps the list complete."""

from heliograph.flows import (
    email_addresses,
    homes,
    revoke,
    sign_in,
    sign_up,
    web_sessions,
)

__all__ = [
    "email_addresses",
    "homes",
    "revoke",
    "sign_in",
    "sign_up",
    "web_sessions",
]
