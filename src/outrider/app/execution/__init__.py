"""Checks found and run on this host, now: runs, loads, proofs, debugging, and what the judge says of them."""
