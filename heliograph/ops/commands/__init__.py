"""The commands of `heliograph`, one file each: `commands/admin.py` holds the command or group `admin`.

A file defines `command`, a click command or group, and is imported only when its name is used or listed; imports
of Django and of the rest of the house go inside its functions, after `ready()` of ops/ready.py.
"""
