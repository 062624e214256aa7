"""The service of a workspace: whether it can be watched, and what watches it."""
