"""Run journeys: browser, workers, steps."""
