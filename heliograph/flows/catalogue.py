"""Every flow, imported: the worker knows all tasks and mirrors from here. A test keeps the list complete."""

from heliograph.flows import (
    administrators,
    block,
    delete_photo,
    email_addresses,
    fan_out,
    follow,
    homes,
    passwords,
    post_photo,
    rebuild_feed,
    replay,
    revoke,
    sign_in,
    sign_up,
    upload_photo,
    web_sessions,
)

__all__ = [
    "administrators",
    "block",
    "delete_photo",
    "email_addresses",
    "fan_out",
    "follow",
    "homes",
    "passwords",
    "post_photo",
    "rebuild_feed",
    "replay",
    "revoke",
    "sign_in",
    "sign_up",
    "upload_photo",
    "web_sessions",
]
