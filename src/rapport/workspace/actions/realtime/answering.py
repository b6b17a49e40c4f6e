"""What is done where a threshold is crossed: each action once a crossing, whatever is killed in between.

An action is a function that is registered here and writes to the database. Each is run in a transaction of its own,
together with the row that says it was done; that row's key is unique, so that a second worker, or the same one after
it was killed, does nothing twice. What reaches outside (a webhook, a mail) writes down what is to be sent, and is sent
from there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.db import IntegrityError, OperationalError

from rapport.workspace.actions.models import CrossingAction, ThresholdCrossing
from rapport.workspace.lib.prompt_transaction import prompt_transaction

Action = Callable[[ThresholdCrossing, datetime], dict[str, Any]]
_AT_ONCE = 1000
_BUDGET_SECONDS = 0.25  # of one turn: scoring goes on in between
_log = logging.getLogger(__name__)


class _Registered(NamedTuple):
    action: Action
    threshold: str | None


_ACTIONS: dict[str, _Registered] = {}


def on_crossing(name: str, *, threshold: str | None = None) -> Callable[[Action], Action]:
    """Register an action: called with each crossing and the instant, in a transaction; returns what it did, as JSON.

    Parameters: threshold, the only one it answers (`ready`); None answers all.
    """

    def register(action: Action) -> Action:
        _ACTIONS[name] = _Registered(action, threshold)
        return action

    return register


def answer_crossings(*, now: datetime) -> int:
    """Give every action its turn with the crossings that wait, oldest first, for a quarter of a second; how many."""
    waiting = list(ThresholdCrossing.objects.filter(handled_at__isnull=True).order_by("id")[:_AT_ONCE])
    if not waiting:
        return 0
    started, handled = time.monotonic(), []
    for crossing in waiting:
        due = {n: r.action for n, r in _ACTIONS.items() if r.threshold in (None, crossing.threshold)}
        had_their_turn = [_take(name, action, crossing, now) for name, action in due.items()]
        if all(had_their_turn):
            handled.append(crossing.pk)
        if time.monotonic() - started > _BUDGET_SECONDS:
            break
    ThresholdCrossing.objects.filter(pk__in=handled).update(handled_at=now)
    return len(handled)


def _take(name: str, action: Action, crossing: ThresholdCrossing, now: datetime) -> bool:
    """Whether the action had its turn. One that fails is logged and not tried again; one that the database refused
    (it was locked, or went away) is."""
    key = f"{crossing.pk}:{name}"
    if CrossingAction.objects.filter(pk=key).exists():
        return True
    try:
        with prompt_transaction():
            taken = CrossingAction.objects.create(key=key, crossing=crossing, action=name, taken_at=now)
            taken.result = action(crossing, now)
            taken.save(update_fields=["result"])
    except OperationalError as error:
        _log.warning("The database refused the action %s; it is tried again. %s", key, error)
        return False
    except IntegrityError:
        _log.info("The action %s was taken already.", key)
    except Exception as error:
        _log.exception("The action %s failed.", key)
        CrossingAction.objects.get_or_create(
            key=key, defaults={"crossing": crossing, "action": name, "taken_at": now, "result": {"failed": str(error)}}
        )
    return True
