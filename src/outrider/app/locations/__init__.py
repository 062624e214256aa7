"""Runs in other places: the server's desk, the workers, and the two ways between them."""
