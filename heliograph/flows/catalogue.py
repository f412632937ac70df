"""Every flow, imported: the worker knows all tasks and mirrors from here. A test keeps the list complete."""

from heliograph.flows import homes

__all__ = ["homes"]
