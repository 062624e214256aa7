"""How a database of any earlier revision becomes one of today; Alembic's scripts stand in `versions`."""
