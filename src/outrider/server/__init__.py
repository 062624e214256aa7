"""What Outrider answers over HTTP: the calls of heartbeats, its own health, metrics and a status page."""

from outrider.server.application import Application, application
from outrider.server.http_server import Background, PortTaken, listen, serve

__all__ = ["Application", "Background", "PortTaken", "application", "listen", "serve"]
