"""How well errors are grouped: one cause in one issue, and never two."""
