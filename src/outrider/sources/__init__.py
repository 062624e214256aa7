"""Read what other servers keep: traces, log lines and series, in bounded time; nothing is sent to them."""

from outrider.sources.outside_sources import OutsideSources, SourceAccess

__all__ = ["OutsideSources", "SourceAccess"]
