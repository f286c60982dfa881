"""All broken gateways."""

from tests.mutants.servants import SERVANTS
from tests.mutants.translators import TRANSLATORS

GATEWAYS = (*TRANSLATORS, *SERVANTS)
