"""What one case's page shows: what was expected and seen, the wire log, the timeline."""
