"""What the engine's processes have when they begin: the process they are forked from imports this, once.

Importing loads their modules and the kernels that every run needs, which takes longer than to match some thousand people.
"""

from datetime import date
from uuid import UUID

from matching_service.engine import Person, Policy, Population, match_population
from matching_service.workers import engine_process  # noqa: F401 - its modules are wanted, not its names

_FEW = 12

match_population(Population.of([Person(id=UUID(int=number + 1)) for number in range(_FEW)], date(2026, 1, 12)), Policy())
