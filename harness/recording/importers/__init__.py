"""Recordings that others made, brought into our own form: one module for each form, and one that tells them apart."""
