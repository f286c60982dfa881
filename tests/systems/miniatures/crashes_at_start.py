"""Ends before it says a word."""

import a_module_that_is_not_there  # noqa: F401
