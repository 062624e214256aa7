"""What the tests of this room share: a workspace with a known past."""

from tests.frames.conftest import root

__all__ = ["root"]
