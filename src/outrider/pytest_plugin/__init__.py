"""What users' tests may ask for; pytest loads this package by its entry point."""

from outrider.pytest_plugin.step_fixture import pytest_addoption, pytest_configure, step

__all__ = ["pytest_addoption", "pytest_configure", "step"]
