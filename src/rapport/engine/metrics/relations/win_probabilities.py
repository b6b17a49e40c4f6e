"""The chance of winning each open deal: a published model's, where there is one, else the owner's or the stage's."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, plain

_PERCENT = 100.0


def with_win_probability(rows: ir.Table, reading: Reading) -> ir.Table:
    """Open deals (id, period, stands_at, probability) with `win_probability`, 0..1, and `modelled`.

    The newest chance that the model gave the deal before `stands_at`; deals that it has not scored
    keep `probability`. The setting `win_score` names the score, else it is the first published
    one that learns the chance of winning deals.
    """
    if not reading.has("score_values"):
        return rows.mutate(win_probability=rows.probability, modelled=ibis.literal(value=False))
    chances = _chances(reading)
    met = rows.select("id", "period", "stands_at").join(chances, [("id", "_deal")])
    past = met.filter(met._as_of < met.stands_at)
    rank = ibis.row_number().over(
        group_by=[past.id, past.period], order_by=[past._as_of.desc(), past._computed.desc(), past._chance.desc()]
    )
    newest = past.mutate(_rank=rank).filter(lambda t: t._rank == 0)
    newest = newest.select(_deal="id", _period="period", _chance="_chance")
    joined = rows.left_join(newest, [("id", "_deal"), ("period", "_period")])
    told = joined.mutate(
        win_probability=ibis.coalesce(joined._chance, joined.probability), modelled=joined._chance.notnull()
    )
    return plain(told.drop("_deal", "_period", "_chance"))


def _chances(reading: Reading) -> ir.Table:
    values = reading.lookup("score_values", ["score", "subject", "subject_id", "as_of", "computed_at", "value"])
    values = values.filter((values.subject == "deal") & values.value.notnull())
    named = reading.setting("win_score", None)
    if isinstance(named, str):
        values = values.filter(values.score == named)
    elif reading.has("score_definitions"):
        published = _published(reading)
        values = values.semi_join(published, values.score == published._score)
    else:
        values = values.filter(ibis.literal(value=False))
    return values.select(
        _deal="subject_id",
        _as_of="as_of",
        _computed="computed_at",
        _chance=values.value.cast("float64") / _PERCENT,
    )


def _published(reading: Reading) -> ir.Table:
    """The name of the first published score that learns which deals are won; no row where there is none."""
    known = reading.lookup("score_definitions", ["name", "document", "published_at"])
    learns = known.document.contains("conversion") & known.document.contains("deal_won")
    published = known.filter(known.published_at.notnull() & learns)
    first = published.order_by([published.published_at, published.name]).limit(1)
    return first.select(_score="name")
