"""What is done with organisations."""

from dataclasses import dataclass

from peerloom_service.identifiers import new_id
from peerloom_service.use_cases.transaction import Transaction
from profile_service.domain import Organisation


@dataclass(frozen=True, slots=True)
class FoundOrganisation:
    name: str


async def found_organisation(tx: Transaction, command: FoundOrganisation) -> Organisation:
    """Open a tenant."""
    id_ = new_id()
    tx.act_for(id_)
    organisation = Organisation(id=id_, version=1, name=command.name, created_at=await tx.now())
    tx.add(organisation)
    return organisation
