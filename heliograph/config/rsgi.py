"""The web application behind the front door (gate/), for Granian: `granian --interface rsgi heliograph.config.rsgi`."""

from __future__ import annotations

from heliograph.config import wsgi
from heliograph.gate.application import Gate

application = Gate(wsgi.application)
