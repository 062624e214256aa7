"""Incidents from findings, and the messages about them."""
