"""Finding interactions that machines made: mail scanners and known agents.

    seconds   an open or a click within seconds of the mail being sent or delivered
    at once   several different links of one mail clicked within seconds of each other
    agent     the agent names itself: a crawler, a scanner, a script

Findings are told, with their evidence; who keeps them writes `interaction_flags` and never changes an interaction,
so that a score as known before a finding stays what it was, and as restated is told anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import as_restated
from rapport.engine.crm.events import with_properties
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.runner import Runner

AGENTS = (
    "bot", "crawler", "spider", "slurp", "facebookexternalhit", "headlesschrome", "phantomjs", "python-requests",
    "python-urllib", "curl/", "wget/", "go-http-client", "okhttp", "java/", "libwww", "barracuda", "mimecast",
    "proofpoint", "symantec", "safelinks", "fireeye", "trendmicro", "ironport", "googleimageproxy",
)  # fmt: skip
AGENT_PROPERTIES = ("properties.user_agent", "properties.userAgent")
_SENT, _ANSWERED = ("email_sent", "email_delivered"), ("email_open", "email_click")


@dataclass(frozen=True, kw_only=True)
class MachineRules:
    """What counts as a machine.

    Attributes:
        seconds: of opens and clicks after delivery; a person needs longer to see that a mail is there.
        links, links_seconds: so many different links within so many seconds.
        agents: parts of the agent's name, lower case.
    """

    seconds: int = 10
    links: int = 3
    links_seconds: int = 5
    agents: tuple[str, ...] = AGENTS


@dataclass(frozen=True, kw_only=True)
class MachineMade:
    """One interaction that a machine made.

    Attributes: rule, `seconds`, `at once` or `agent`; evidence, a sentence.
    """

    interaction_id: str
    rule: str
    evidence: str


def find_machines(
    snapshot: Snapshot,
    *,
    now: datetime,
    runner: Runner,
    since: datetime | None = None,
    rules: MachineRules | None = None,
) -> list[MachineMade]:
    """Every interaction, as known today, that a rule finds; one finding each, in the order of their ids.

    Parameters: since, only those that happened at or after it. Without interactions nothing is found.
    """
    if not snapshot.has("interactions"):
        return []
    rules = rules or MachineRules()
    columns = ["contact_id", "campaign_id", "type", "occurred_at", "url", "url_path", "properties"]
    rows = as_restated(snapshot, now).table(
        "interactions", needed_by="finding machines", columns=columns, resolve=False
    )
    if since is not None:
        rows = rows.filter(rows.occurred_at >= ibis.literal(since - timedelta(days=1), type="timestamp('UTC', 6)"))
    answers = _answers(rows)
    found: dict[str, MachineMade] = {}
    for one in (
        *_in_seconds(answers, rules, runner),
        *_at_once(answers, rules, runner),
        *_agents(rows, rules, runner),
    ):
        if since is None or one[1] >= since:
            found.setdefault(one[0].interaction_id, one[0])
    return [found[key] for key in sorted(found)]


Dated = tuple[MachineMade, datetime]


def _answers(rows: ir.Table) -> ir.Table:
    """Opens and clicks, with when the contact was last sent a mail of the same campaign (or of none) until then."""
    mails = rows.filter(rows.type.isin([*_SENT, *_ANSWERED]) & rows.contact_id.notnull())
    answer = mails.type.isin(list(_ANSWERED))
    mails = mails.mutate(
        _mail=ibis.coalesce(mails.campaign_id, ""),
        _answer=answer.cast("int64"),
        _sent=ibis.ifelse(answer, ibis.null("timestamp('UTC', 6)"), mails.occurred_at),
        _link=ibis.coalesce(mails.url, mails.url_path),
    )
    until_then = ibis.cumulative_window(
        group_by=[mails.contact_id, mails._mail], order_by=[mails.occurred_at, mails._answer]
    )
    mails = mails.mutate(sent_at=mails._sent.max().over(until_then))
    return mails.filter(mails._answer == 1)


def _in_seconds(answers: ir.Table, rules: MachineRules, runner: Runner) -> Iterator[Dated]:
    soon = answers.occurred_at <= answers.sent_at + ibis.interval(seconds=rules.seconds)
    told = runner.to_arrow(answers.filter(soon).select("id", "type", "occurred_at", "sent_at"))
    for row in told.to_pylist():
        after = (row["occurred_at"] - row["sent_at"]).total_seconds()
        did = "opened" if row["type"] == "email_open" else "clicked"
        yield _made(row, "seconds", f"{did} {after:g} s after the mail was sent")


def _at_once(answers: ir.Table, rules: MachineRules, runner: Runner) -> Iterator[Dated]:
    clicks = answers.filter((answers.type == "email_click") & answers._link.notnull())
    keys = ["contact_id", "_mail", "sent_at"]
    mails = clicks.group_by(keys).aggregate(links=clicks._link.nunique())
    many = mails.filter(mails.links >= rules.links).select(
        _who=mails.contact_id, _of=mails._mail, _at=ibis.coalesce(mails.sent_at, _NEVER)
    )
    clicks = clicks.mutate(_at=ibis.coalesce(clicks.sent_at, _NEVER))
    chosen = clicks.semi_join(many, [("contact_id", "_who"), ("_mail", "_of"), "_at"])
    wanted = chosen.select("id", "contact_id", "_mail", "_at", "_link", "occurred_at")
    by_mail: dict[tuple[object, ...], list[Mapping[str, Any]]] = {}
    for row in runner.to_arrow(wanted.order_by(["contact_id", "_mail", "_at", "occurred_at", "id"])).to_pylist():
        by_mail.setdefault((row["contact_id"], row["_mail"], row["_at"]), []).append(row)
    for rows in by_mail.values():
        yield from _bursts(rows, rules)


def _bursts(rows: Sequence[Mapping[str, Any]], rules: MachineRules) -> Iterator[Dated]:
    """Clicks of one mail, in order of time: those in a span of seconds with enough different links."""
    span, start, found = timedelta(seconds=rules.links_seconds), 0, dict[str, Dated]()
    for end, row in enumerate(rows):
        while row["occurred_at"] - rows[start]["occurred_at"] > span:
            start += 1
        inside = rows[start : end + 1]
        links = len({one["_link"] for one in inside})
        if links >= rules.links:
            evidence = f"{links} links of one mail clicked within {rules.links_seconds} s"
            found |= {one["id"]: _made(one, "at once", evidence) for one in inside}
    yield from found.values()


def _agents(rows: ir.Table, rules: MachineRules, runner: Runner) -> Iterator[Dated]:
    named = with_properties(rows.filter(rows.properties.notnull()), AGENT_PROPERTIES)
    agent = ibis.coalesce(*(named[name] for name in AGENT_PROPERTIES))
    named = named.select("id", "occurred_at", agent=agent).filter(lambda t: t.agent.notnull())
    texts = runner.to_arrow(named.select("agent").distinct())["agent"].to_pylist()
    machines = [text for text in texts if any(part in text.casefold() for part in rules.agents)]
    if machines:
        told = runner.to_arrow(named.filter(named.agent.isin(machines)))
        for row in told.to_pylist():
            yield _made(row, "agent", f"the agent calls itself {row['agent'][:80]}")


def _made(row: Mapping[str, Any], rule: str, evidence: str) -> Dated:
    return MachineMade(interaction_id=row["id"], rule=rule, evidence=evidence), row["occurred_at"]


_NEVER = ibis.literal(datetime.fromisoformat("1970-01-01T00:00:00+00:00"), type="timestamp('UTC', 6)")
