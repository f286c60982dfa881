"""The checks: what a system did, joined from both sides and judged against what a scenario expects.

`judge` gives the verdict; `CHECKS` lists every rule with its slug; `missing_features` says beforehand that a system
does not claim what a scenario is about.
"""

from harness.catalogue.checks.description import describe_expectation, describe_requests
from harness.catalogue.checks.features import missing_features, needed_features
from harness.catalogue.checks.table import CHECKS, Check, judge

__all__ = [
    "CHECKS",
    "Check",
    "describe_expectation",
    "describe_requests",
    "judge",
    "missing_features",
    "needed_features",
]
