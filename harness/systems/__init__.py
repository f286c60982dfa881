"""Systems under test: how they are described, started, driven and stopped."""
