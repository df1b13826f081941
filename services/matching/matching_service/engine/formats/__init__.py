"""Every format by the name programs give it. A new one is a module beside the others and an entry here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from matching_service.engine.formats.accountability import Accountability
from matching_service.engine.formats.flash import Flash
from matching_service.engine.formats.format import Format
from matching_service.engine.formats.junior_senior import JuniorSenior
from matching_service.engine.formats.learning_circle import LearningCircle
from matching_service.engine.formats.network import Network
from matching_service.engine.formats.onboarding_buddy import OnboardingBuddy
from matching_service.engine.formats.one_to_one import OneToOne
from matching_service.engine.formats.skills_practice import SkillsPractice
from matching_service.engine.formats.tiger_team import TigerTeam
from matching_service.engine.problem.policy import Policy

FORMATS: Final[Mapping[str, Format[Any]]] = MappingProxyType(
    {
        format_.name: format_
        for format_ in (
            OneToOne(),
            JuniorSenior(),
            Network(),
            Flash(),
            Accountability(),
            LearningCircle(),
            TigerTeam(),
            SkillsPractice(),
            OnboardingBuddy(),
        )
    }
)


def format_of(name: str) -> Format[Any]:
    """The format of that name. Raises: ValueError when there is none."""
    if name not in FORMATS:
        raise ValueError(f"There is no format {name!r}; there are {', '.join(sorted(FORMATS))}.")
    return FORMATS[name]


def format_for(policy: Policy) -> Format[Any]:
    """The format a policy was made for. Raises: ValueError when it is unknown here."""
    if policy.format is not None:
        return format_of(policy.format)
    return next(format_ for format_ in FORMATS.values() if format_.recognises(policy))
