"""One loaded workspace, ready to execute: discovery, runs, the service, gate sessions, alerts and reports."""
