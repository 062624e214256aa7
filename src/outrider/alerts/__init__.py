"""Incidents, who is told of them, and how that reaches them."""
