"""The documentation's site: what builds it, and what is taken from the code for it."""
