"""Every flow, imported: the worker knows all tasks and mirrors from here. A test keeps the list complete."""

from heliograph.flows import (
    delete_photo,
    email_addresses,
    homes,
    post_photo,
    revoke,
    sign_in,
    sign_up,
    upload_photo,
    web_sessions,
)

__all__ = [
    "delete_photo",
    "email_addresses",
    "homes",
    "post_photo",
    "revoke",
    "sign_in",
    "sign_up",
    "upload_photo",
    "web_sessions",
]
