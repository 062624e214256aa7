"""What runs in the Locust process; it is imported nowhere else."""
