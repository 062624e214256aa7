"""Configurations of other monitors -> tables of probes, and what of them cannot be carried over."""
