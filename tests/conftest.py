"""What lies beside the tests and is none of them."""

collect_ignore = ["sample_project"]
"""A project of its own, whose tests tests/test_sample_project.py runs in a copy."""
