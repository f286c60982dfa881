"""Tests of harness.catalogue.checks."""
