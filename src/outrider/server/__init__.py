"""What Outrider answers over HTTP: the calls of heartbeats, its own health, metrics and a status page."""

from outrider.server.access_control import Access, AccessRules
from outrider.server.acknowledge_link import LIFETIME_S as LINK_LIFETIME_S
from outrider.server.acknowledge_link import AcknowledgeGrant, AcknowledgeSigner
from outrider.server.actions import Actions
from outrider.server.application import Application, application
from outrider.server.artifact_origin import ArtifactOrigin
from outrider.server.artifact_routes import artifact_application
from outrider.server.beacon_routes import beacon_routes, rum_snippet
from outrider.server.client_origin import is_loopback
from outrider.server.error_routes import error_application
from outrider.server.http_server import Background, PortTaken, listen, serve
from outrider.server.ingest_access import IngestAccess
from outrider.server.ingest_routes import ingest_application
from outrider.server.issued_token import IssuedToken, TokenRequest, issue_token
from outrider.server.otlp_grpc import OtlpGrpc
from outrider.server.passwords import hash_password
from outrider.server.status_page_routes import StatusPage, status_page_application
from outrider.server.syslog_datagrams import SyslogDatagrams
from outrider.server.syslog_listener import SyslogListener

__all__ = [
    "LINK_LIFETIME_S",
    "Access",
    "AccessRules",
    "AcknowledgeGrant",
    "AcknowledgeSigner",
    "Actions",
    "Application",
    "ArtifactOrigin",
    "Background",
    "IngestAccess",
    "IssuedToken",
    "OtlpGrpc",
    "PortTaken",
    "StatusPage",
    "SyslogDatagrams",
    "SyslogListener",
    "TokenRequest",
    "application",
    "artifact_application",
    "beacon_routes",
    "error_application",
    "hash_password",
    "ingest_application",
    "is_loopback",
    "issue_token",
    "listen",
    "rum_snippet",
    "serve",
    "status_page_application",
]
