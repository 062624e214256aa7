"""What commands and the Python API ask: a workspace of this machine, or a server."""
