"""Milepost, the demo shop under test: a small shop with faults that can be switched on."""
