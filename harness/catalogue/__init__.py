"""Scenarios as data: their models, their loader, how they become wire responses, and the checks that judge outcomes."""
