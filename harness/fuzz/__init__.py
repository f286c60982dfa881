"""Searches for cuts, harmless changes and damage that make a reader say something else: `harness fuzz`."""
