"""The processes of `outrider up`, and who keeps them running."""
