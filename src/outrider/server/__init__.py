"""What Outrider answers over HTTP: the calls of heartbeats."""

from outrider.server.app import application
from outrider.server.serving import PortTaken, listen, serve

__all__ = ["PortTaken", "application", "listen", "serve"]
