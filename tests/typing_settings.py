"""Django's settings for the type checker alone, which needs the models and no server."""

import os

os.environ.setdefault("HELIOGRAPH_SECRET_KEY", "for the type checker alone, never for a server")
os.environ.setdefault("HELIOGRAPH_DIRECTORY", "dbname=none")

from heliograph.config.settings import *  # noqa: F403
