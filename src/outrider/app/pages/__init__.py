"""What answers over HTTP: pages, API, artifacts, heartbeats, the public status page."""
