"""The first tables."""

from alembic import op

from outrider.store.schema import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create all tables as they stand; the next revision freezes them here."""
    metadata.create_all(op.get_bind())
