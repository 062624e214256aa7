"""The gate of a change: measured against a base until each verdict is known."""
