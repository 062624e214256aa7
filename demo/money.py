"""Money: integer cents inside, euros on the page."""


def euros(cents: int) -> str:
    """Return `cents` as people read them, such as "€1,249.00"."""
    return f"€{cents / 100:,.2f}"
