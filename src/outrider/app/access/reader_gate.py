"""What every text passes on its way to a reader of the command line: no secret that was read here, and printable."""

from outrider.workspace import forget_secrets_read, gated, gated_document

__all__ = ["forget_secrets_read", "gated", "gated_document"]
