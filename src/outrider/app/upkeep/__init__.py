"""A whole workspace's data: copied, restored, and searched for one person."""
