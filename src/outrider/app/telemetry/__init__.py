"""Telemetry taken, kept and watched: what services and pages send, and the rules over it."""
