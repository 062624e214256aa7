"""Outrider: synthetic monitoring that rides ahead of your users."""
