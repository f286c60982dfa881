"""Readers of streams with one bug each, and careful ones: what `harness fuzz` must and must not find."""
