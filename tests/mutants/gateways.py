"""All broken gateways."""

from tests.mutants.bridges import BRIDGES
from tests.mutants.servants import SERVANTS
from tests.mutants.translators import TRANSLATORS

GATEWAYS = (*TRANSLATORS, *BRIDGES, *SERVANTS)
