"""Links from pages to artifacts: signed for who asked for the page, at the origin as that viewer reaches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from outrider.dashboard import served_type
from outrider.server.artifact_origin import is_this_machine
from outrider.server.replay_player_routes import PLAYER_PATH, has_player
from outrider.server.signed_address import AddressSigner, SignedFile
from outrider.server.trace_viewer_routes import PREFIX

if TYPE_CHECKING:
    from starlette.requests import Request

    from outrider.model import ReplaySegment, StoredArtifact
    from outrider.server.artifact_origin import ArtifactOrigin


@dataclass(frozen=True, slots=True)
class SignedLinks:
    """The links of one page.

    Attributes:
        origin: Of the files.
        can_show_traces: Whether the trace viewer works there.
    """

    origin: str
    can_show_traces: bool
    _signer: AddressSigner
    _now_s: int

    def file(self, artifact: StoredArtifact) -> str:
        """Return the address of a file."""
        served = served_type(artifact.kind, artifact.name)
        file = SignedFile(artifact.digest, artifact.name, served.media_type, served.is_shown, served.is_packed)
        return f"{self.origin}/file/{self._signer.sign(file, self._now_s)}"

    def saved(self, digest: str, name: str) -> str:
        """Return the address at which a browser saves some content, whatever it is, and never shows it."""
        file = SignedFile(digest, name, "application/octet-stream", is_shown=False, is_packed=False)
        return f"{self.origin}/file/{self._signer.sign(file, self._now_s)}"

    def trace(self, artifact: StoredArtifact) -> str:
        """Return the address at which the trace viewer shows a trace."""
        return f"{self.origin}{PREFIX}/index.html?trace={quote(self.file(artifact), safe='')}"

    @property
    def player(self) -> str:
        """The address of the player of replays; empty without one."""
        return f"{self.origin}{PLAYER_PATH}" if has_player() else ""

    def replay(self, part: ReplaySegment) -> str:
        """Return the address of a part of a replay."""
        file = SignedFile(
            part.digest, f"replay-{part.number}.json.gz", "application/json", is_shown=False, is_packed=True
        )
        return f"{self.origin}/file/{self._signer.sign(file, self._now_s)}"


def links_for(request: Request, origin: ArtifactOrigin | None, now_us: int) -> SignedLinks | None:
    """Return the links for a page that a viewer asks for; None where the reader cannot reach the origin."""
    seen = origin.seen_from(request) if origin is not None else ""
    if origin is None or not seen:
        return None
    parts = urlsplit(seen)
    is_trusted = parts.scheme == "https" or is_this_machine(
        parts.hostname or ""
    )  # elsewhere there is no service worker
    return SignedLinks(seen, origin.viewer is not None and is_trusted, AddressSigner(origin.key), now_us // 1_000_000)
