"""What telemetry and sources are asked: the traces, logs and series behind a run, a step or an incident."""
