"""Heliograph: a self-hosted photo-sharing network. ARCHITECTURE.md is the five-minute tour."""

__version__ = "0.1.0"
