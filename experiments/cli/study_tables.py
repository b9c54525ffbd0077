"""Results of studies as tables that people read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from experiments.cli.console import table
from experiments.cli.tables import difference, interval, p_value
from experiments.studies.coefficients import CoefficientsResult
from experiments.studies.funnel import FunnelStudyResult
from experiments.studies.objectives import ObjectivesResult
from experiments.studies.outcomes import OF_THE_END
from experiments.studies.rankers import RankersResult
from experiments.studies.search import MODES, SearchResult
from experiments.studies.trend_alarms import Detection
from experiments.studies.trends import TrendsResult
from experiments.studies.world_trends import WorldTrendsResult


def rankers_table(result: RankersResult) -> Any:
    """The order by true value, how far each is behind the one above it, and true welfare."""
    rows = [
        (row.name, interval(row.value), _seeds(row.by_seed), f"{row.way:.0%}", difference(row.behind),
         interval(row.welfare), _seeds(row.welfare_by_seed))
        for row in result.rows
    ]  # fmt: skip
    heads = ["ranker", f"true value@{result.k}", "by seed", f"way from {result.base}", "behind the one above"]
    heads += [f"true welfare@{result.k}", "by seed"]
    return table("Expected engagements and welfare among the first places, by the truth", heads, rows)


def funnel_tables(result: FunnelStudyResult) -> list[Any]:
    """Value and welfare of each feed beside the base, and what each source brings of the oracle's best."""
    feeds = [
        (row.name, interval(row.value), difference(row.value_difference), interval(row.welfare),
         difference(row.welfare_difference))
        for row in result.feeds
    ]  # fmt: skip
    sources = [
        (row.name, interval(row.recall), "" if row.only is None else interval(row.only)) for row in result.sources
    ]
    k, seeds = result.k, ", ".join(map(str, result.seeds))
    return [
        table(
            f"The {k} tweets shown, by the truth",
            ["feed", f"true value@{k}", "minus base", f"true welfare@{k}", "minus base"], feeds,
        ),
        table(f"Share of the oracle's best {k}", ["source", "brought", "brought by no other"], sources),
        f"{result.requests} requests in the worlds {result.preset} of seeds {seeds}. base: every source on.",
    ]  # fmt: skip


def _seeds(values: Sequence[float]) -> str:
    return " ".join(f"{one:.2f}" for one in values)


def objectives_tables(result: ObjectivesResult) -> list[Any]:
    """Every measure of every policy over all days, the differences from the first policy, and the weeks."""
    heads = ["measure", *result.policies]
    over = [
        (measure, *(interval(result.outcome(policy, measure).value) for policy in result.policies))
        for measure in result.measures
    ]
    away = [
        (measure, *(difference(result.outcome(policy, measure).difference) for policy in result.policies[1:]))
        for measure in result.measures
    ]
    seeds = ", ".join(map(str, result.seeds))
    words = (
        f"{result.people:,} people in each of the worlds of seeds {seeds}, {result.days} days. Intervals are 95%, by "
        "bootstrap over the people of each world; differences are paired by person."
    )
    explained = "\n".join(f"{measure}: {one}" for measure, one in result.measures.items())
    return [
        table(f"Policies over {result.days} days", heads, over),
        *([table(f"Minus {result.policies[0]}", ["measure", *result.policies[1:]], away)] if away[0][1:] else []),
        table("By week", heads, _weeks(result)),
        words,
        explained,
        *result.warnings,
    ]


def _weeks(result: ObjectivesResult) -> list[tuple[str, ...]]:
    periods = list(dict.fromkeys(one.period for one in result.outcomes if one.period != "all"))
    return [
        (
            f"{measure}, {period}",
            *(f"{result.outcome(policy, measure, period).value.mean:.3f}" for policy in result.policies),
        )
        for measure in result.measures
        if measure not in OF_THE_END
        for period in periods
    ]


def coefficients_tables(result: CoefficientsResult) -> list[Any]:
    """The difference of the two policies by coefficient and factor, a table a measure."""
    tables: list[Any] = []
    for measure, words in result.measures.items():
        rows = [("all as they are", difference(result.base[measure]), "", "")]
        rows += [
            (f"{one.coefficient} x {one.factor:g}", difference(one.difference), difference(one.change),
             p_value(one.change.p_value))
            for one in result.effects
            if one.measure == measure
        ]  # fmt: skip
        heads = ["coefficient", "engagement minus welfare oracle", "change by it", "p"]
        tables.append(table(f"{measure}: {words}", heads, rows))
    seeds = ", ".join(map(str, result.seeds))
    tables.append(f"{result.people:,} people in each of the worlds of seeds {seeds}, {result.days} days.")
    return [*tables, *result.warnings]


def trends_tables(found: Sequence[Detection]) -> list[Any]:
    """For each rate of false alarms: recall, its share of the oracle's, delay, and what the false alarms are."""
    tables: list[Any] = []
    for allowed in dict.fromkeys(one.false_alarms for one in found):
        mine = [one for one in found if one.false_alarms == allowed]
        rows = [
            (one.scorer, f"{one.recall:.3f}", "" if one.of_oracle != one.of_oracle else f"{one.of_oracle:.0%}",
             f"{one.delay_min:.1f}", *(f"{one.cells[name]:.2f}" for name in mine[0].cells),
             " ".join(f"{kind} {count:.1f}" for kind, count in one.wrong.items()))
            for one in mine
        ]  # fmt: skip
        heads = ["scorer", "recall", "of the oracle's", "median min", *mine[0].cells, "false alarms a day"]
        tables.append(table(f"At {allowed:g} false alarms a day", heads, rows))
    return tables


def trends_words(result: TrendsResult) -> str:
    """What streams were judged."""
    seeds = ", ".join(map(str, result.seeds))
    return (
        f"{result.terms:,} terms and {result.days} judged days in each of the streams of seeds {seeds}; "
        f"{result.shocks} shocks in all, found within ten minutes. Strata are uses in five minutes before the shock."
    )


def world_trends_words(result: WorldTrendsResult) -> str:
    """What world was judged."""
    return (
        f"{result.hashtags:,} hashtags with {result.uses:,} uses in {result.data}; {result.bursts} bursts in "
        f"{result.days:.1f} judged days, found from their start to ten minutes after their peak, in windows of "
        f"{result.window_min} minutes."
    )


def search_table(result: SearchResult) -> Any:
    """NDCG by stratum and mode, and hybrid's difference from each of the others."""
    rows = [
        (row.stratum, row.queries, *(f"{row.ndcg[mode].mean:.3f}" for mode in MODES),
         *(difference(row.better[mode]) for mode in MODES[1:]))
        for row in result.rows
    ]  # fmt: skip
    heads = ["queries", "n", *MODES, *(f"hybrid - {mode}" for mode in MODES[1:])]
    return table(f"NDCG@{result.k} by true topic and language, {result.tweets:,} tweets", heads, rows)
