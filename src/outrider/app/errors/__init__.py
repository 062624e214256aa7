"""Errors taken into projects and issues, with their source maps."""
