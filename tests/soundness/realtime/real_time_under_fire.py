# ruff: noqa: E402 -- models may be imported only when Django is set up
"""Run as a process of its own: kills those who accept and those who score. Not a test itself.

An acceptor writes down each message before it sends it and again when it was answered; after a kill the next one sends
what was not answered once more. A scorer answers crossings with an action that leaves a row each time it is taken.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from rapport.engine.crm.as_of import as_known
from rapport.engine.scores.kinds import KINDS
from rapport.workspace.actions.models import CrossingAction, ThresholdCrossing
from rapport.workspace.actions.realtime.answering import answer_crossings, on_crossing
from rapport.workspace.actions.realtime.loop import run_real_time
from rapport.workspace.crm.intake.accepting import accept
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.crm.records.models import AttributeValue, Contact, Interaction, TouchMark
from rapport.workspace.scores.definitions import create_draft, live, parsed
from rapport.workspace.scores.models import CurrentScore
from rapport.workspace.scores.realtime.batch import RealTime
from rapport.workspace.scores.releases import publish
from rapport.workspace.scores.runs import READ_TABLES, last_run, population_of, run_score
from rapport.workspace.scores.scored import scored_rows

PEOPLE, ROUNDS = 12, 6
HOME = Path(os.environ["RAPPORT_HOME"])
SENT, ANSWERED = HOME / "sent", HOME / "answered"
DOCUMENT = """
name: interest
subject: contact
kind: points
range: [-1000, 1000]
bands: [{label: A, from: 20}, {label: B, from: 0}]
ready_at: {enter: 20, leave: 10}
groups:
  all:
    type: engagement
    criteria:
      - {name: visit, points: 10, per: {event: page_view}}
      - {name: complaint, points: -10, per: {event: chat}}
"""


@on_crossing("left a row")
def leave_a_row(crossing: ThresholdCrossing, now: datetime) -> dict[str, Any]:
    AttributeValue.objects.create(entity="acted", entity_id=crossing.pk, attribute="x", valid_from=now, recorded_at=now)
    return {}


def forked(run: Callable[[], object]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        run()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        connection.close()
        os._exit(code)


def prepare() -> None:
    call_command("migrate", verbosity=0)
    long_ago = timezone.now() - timedelta(days=100)
    for n in range(PEOPLE):
        Contact.objects.create(id=f"c{n}", created_at=long_ago, recorded_at=long_ago)
    accept([{"contact_id": "c0", "type": "note", "occurred_at": long_ago}], source="web")
    publish(create_draft(document=DOCUMENT, by="test"), by="test", reason="test", override="test")
    run_score("interest")


def send() -> None:
    """Interactions as fast as they go, each with a message id, until killed."""
    r = random.Random(os.getpid())
    answered = set(ANSWERED.read_text().split()) if ANSWERED.exists() else set()
    waiting = [line.split() for line in SENT.read_text().splitlines()] if SENT.exists() else []
    again = [message for message in waiting if message[0] not in answered]
    with SENT.open("a") as sent, ANSWERED.open("a") as done:
        while True:
            fresh = [f"{r.getrandbits(64):x}", f"c{r.randrange(PEOPLE)}", r.choice(["page_view", "chat"])]
            message = again.pop() if again else fresh
            if message is fresh:
                sent.write(" ".join(message) + "\n")
                sent.flush()
            message_id, contact, kind = message
            draft = {"contact_id": contact, "type": kind, "message_id": message_id}
            answer = accept([{**draft, "occurred_at": timezone.now() - timedelta(days=1)}], source="web")[0]
            assert answer.id or "never changes" in answer.refused, answer  # known already, told at another instant
            done.write(f"{message_id}\n")
            done.flush()
            time.sleep(0.002)


def score() -> None:
    run_real_time(threading.Event())


def look() -> None:
    """What the last killed ones left is scored and answered; then everything must agree."""
    real_time = RealTime()
    while real_time.turn().marks:
        pass
    while answer_crossings(now=timezone.now()):
        pass
    answered, sent = set(ANSWERED.read_text().split()), [line.split()[0] for line in SENT.read_text().splitlines()]
    stored = Counter(Interaction.objects.filter(message_id__isnull=False).values_list("message_id", flat=True))
    assert answered <= stored.keys(), f"{len(answered - stored.keys())} answered interactions are lost"
    assert stored.keys() <= set(sent)
    assert set(stored.values()) == {1}, "an interaction is stored twice"
    assert not TouchMark.objects.exists()
    assert kept() == everybody()
    crossings = defaultdict(list)
    for one in ThresholdCrossing.objects.order_by("number"):
        crossings[one.subject_id, one.threshold].append((one.number, one.kind))
    assert crossings, "nobody crossed anything"
    for key, found in crossings.items():
        kinds = ["entered" if n % 2 == 0 else "left" for n in range(len(found))]
        assert found == list(zip(range(1, len(found) + 1), kinds, strict=True)), (key, found)
    acted = Counter(AttributeValue.objects.filter(entity="acted").values_list("entity_id", flat=True))
    assert set(acted.values()) == {1}, "an action was taken twice"
    assert acted.keys() == set(ThresholdCrossing.objects.values_list("pk", flat=True)), "a crossing went unanswered"
    assert CrossingAction.objects.filter(action="left a row").count() == len(acted)
    print(f"{len(answered):,} answered, {len(acted):,} crossings")


def kept() -> dict[str, tuple[object, ...]]:
    return {c.subject_id: (c.value, c.band, c.percentile) for c in CurrentScore.objects.filter(score="interest")}


def everybody() -> dict[str, tuple[object, ...]]:
    version = live("interest")
    assert version is not None
    definition = parsed(version)
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        run = population_of(last_run("interest"))
        view = as_known(snapshot, timezone.now())
        rows = runner.to_arrow(KINDS[definition.kind].score(definition, view, runner=runner, run=run))
        return {row.subject_id: (row.value, row.band, row.percentile) for row in scored_rows(rows)}


def main() -> None:
    random.seed(int(os.environ.get("RAPPORT_TEST_SEED", time.time_ns())))
    if os.waitpid(forked(prepare), 0)[1] != 0:
        sys.exit("the database could not be made")
    sender = forked(send)
    for number in range(ROUNDS):
        scorer = forked(score)
        time.sleep(random.uniform(3, 7))
        os.kill(scorer, signal.SIGKILL)
        os.waitpid(scorer, 0)
        if number % 2:
            os.kill(sender, signal.SIGKILL)
            os.waitpid(sender, 0)
            sender = forked(send)
    time.sleep(0.5)
    os.kill(sender, signal.SIGKILL)
    os.waitpid(sender, 0)
    if os.waitpid(forked(look), 0)[1] != 0:
        sys.exit("something was lost or done twice")


if __name__ == "__main__":
    main()
