"""What runs in the Locust process; only `__main__` may be run, nothing here is imported by us."""
