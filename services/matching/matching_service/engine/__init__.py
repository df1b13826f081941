"""The matching engine: people or a graph in, checked pairs out. Needs neither Kafka nor a database."""

from matching_service.engine.checking.groups import check_groups
from matching_service.engine.checking.matches import Violation, check_bound, check_matches
from matching_service.engine.checking.seats import check_seats
from matching_service.engine.explain import Reason, explain_match, explain_pair, explain_rules, sentence
from matching_service.engine.formats import FORMATS, format_for, format_of
from matching_service.engine.formats.format import Format
from matching_service.engine.match import match_graph, match_population
from matching_service.engine.problem.availability import WorkingHours
from matching_service.engine.problem.grouping import Grouping, GroupRules, Shared
from matching_service.engine.problem.policy import Context, Policy
from matching_service.engine.problem.population import Person, Population, Skill, SoughtSkill
from matching_service.engine.problem.results import ENGINE_VERSION, Group, MatchedPopulation, Pair, Trio, Unmatched
from matching_service.engine.problem.seat_matching import SeatMatching, SeatProof
from matching_service.engine.report import Report, report_of
from matching_service.engine.solvers.exchanges import Exchanges, match_exchanges
from matching_service.engine.solvers.groups import match_groups
from matching_service.engine.solvers.matching import Matching
from matching_service.engine.solvers.rounds import Rounds, match_rounds
from matching_service.engine.solvers.seats import match_seats

__all__ = [
    "ENGINE_VERSION",
    "FORMATS",
    "Context",
    "Exchanges",
    "Format",
    "Group",
    "GroupRules",
    "Grouping",
    "MatchedPopulation",
    "Matching",
    "Pair",
    "Person",
    "Policy",
    "Population",
    "Reason",
    "Report",
    "Rounds",
    "SeatMatching",
    "SeatProof",
    "Shared",
    "Skill",
    "SoughtSkill",
    "Trio",
    "Unmatched",
    "Violation",
    "WorkingHours",
    "check_bound",
    "check_groups",
    "check_matches",
    "check_seats",
    "explain_match",
    "explain_pair",
    "explain_rules",
    "format_for",
    "format_of",
    "match_exchanges",
    "match_graph",
    "match_groups",
    "match_population",
    "match_rounds",
    "match_seats",
    "report_of",
    "sentence",
]
