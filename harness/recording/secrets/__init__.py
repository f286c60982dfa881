"""Secrets in recordings: where they stand, in every encoding, and how they are masked before anything is written."""

from harness.recording.secrets.redactor import Finding, Redactor

__all__ = ["Finding", "Redactor"]
