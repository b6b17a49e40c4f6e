"""Segments as they are kept: built again and again, their past, who uses them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from rapport.engine.errors import DefinitionError, RapportError
from rapport.engine.metrics.measure import measure
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.query import Only
from rapport.workspace.crm.lake import open_snapshot, publish
from rapport.workspace.crm.records.changes import save, write
from rapport.workspace.crm.records.models import AttributeValue, SegmentMembership, TouchMark
from rapport.workspace.metrics.models import Dashboard, DashboardShare, Goal
from rapport.workspace.metrics.segments import building, watching
from rapport.workspace.metrics.segments.building import build, build_all, in_order
from rapport.workspace.metrics.segments.definitions import change, create, delete, uses
from rapport.workspace.metrics.segments.findings import by_segment, measure_values
from rapport.workspace.metrics.segments.grouping import adopt, seek
from rapport.workspace.metrics.segments.models import Segment
from rapport.workspace.metrics.segments.ready_made import ready_made
from rapport.workspace.scores.models import ScoreDefinition, ScoreRun
from rapport.workspace.team.models import User

pytestmark = pytest.mark.django_db

NOW = datetime(2025, 3, 15, 12, tzinfo=UTC)
SWEDES = "subject: contact\nwhen: {field: contact.country, is: SE}\n"


@pytest.fixture
def people() -> None:
    """Ann of Sweden and Bo of Norway, known since the year before."""
    since = NOW - timedelta(days=400)
    drafts = [
        {"id": "ann", "external_id": "1", "country": "SE", "created_at": since, "modified_at": since},
        {"id": "bo", "external_id": "2", "country": "NO", "created_at": since, "modified_at": since},
    ]
    write("contacts", drafts, source="test", by="test", at=since)


def move_to(contact: str, country: str, at: datetime) -> None:
    save("contacts", contact, {"country": country}, by="test", at=at)


def stays(segment: Segment) -> list[tuple[str, datetime, datetime | None]]:
    rows = SegmentMembership.objects.filter(segment=segment.name).order_by("entered_at", "subject_id")
    return list(rows.values_list("subject_id", "entered_at", "left_at"))


def swedes() -> Segment:
    return create(title="Swedes", document=SWEDES, by="test")


class TestBuilding:
    def test_who_is_new_enters_and_who_no_longer_fits_leaves(self, people: None) -> None:
        segment, later = swedes(), NOW + timedelta(days=2)
        assert build(segment, as_of=NOW, back_months=0).entered_count == 1
        move_to("ann", "DK", later - timedelta(days=1))
        move_to("bo", "SE", later - timedelta(days=1))
        done = build(segment, as_of=later)
        assert (done.size, done.entered_count, done.left_count) == (1, 1, 1)
        assert stays(segment) == [("ann", NOW, later), ("bo", later, None)]
        assert (segment.size, segment.built_at) == (1, later)

    def test_building_again_changes_nothing(self, people: None) -> None:
        segment = swedes()
        build(segment, as_of=NOW, back_months=0)
        before = stays(segment)
        again = [build(segment, as_of=NOW + timedelta(hours=h)) for h in (0, 1)]
        assert [(b.entered_count, b.left_count) for b in again] == [(0, 0), (0, 0)]
        assert stays(segment) == before

    def test_the_first_build_tells_the_months_before_as_known_then(self, people: None) -> None:
        move_to("ann", "DK", datetime(2025, 1, 10, tzinfo=UTC))
        move_to("ann", "SE", datetime(2025, 2, 10, tzinfo=UTC))
        segment = swedes()
        build(segment, as_of=NOW, back_months=3)
        months = [datetime(2025, month, 1, tzinfo=UTC) for month in (1, 2, 3)]
        assert stays(segment) == [("ann", months[0], months[1]), ("ann", months[2], None)]
        sizes = segment.builds.order_by("as_of").values_list("as_of", "size")
        assert list(sizes) == [(months[0], 1), (months[1], 0), (months[2], 1), (NOW, 1)]

    def test_months_before_its_scores_were_computed_are_unknown_not_empty(
        self, people: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(building, "member_ids", lambda *_a, **_k: ["ann"])
        ScoreDefinition.objects.create(name="warmth", version=1, subject="contact", state="published", document="")
        ScoreRun.objects.create(score="warmth", version=1, as_of=datetime(2025, 2, 20, tzinfo=UTC), state="done")
        document = "subject: contact\nscores:\n  - {score: warmth, bands: [Hot]}\n"
        segment = Segment.objects.create(name="hot", title="Hot", subject="contact", document=document)
        build(segment, as_of=NOW, back_months=3)
        assert [b.as_of.date().isoformat() for b in segment.builds.order_by("as_of")] == ["2025-03-01", "2025-03-15"]

    def test_it_is_built_forward_only(self, people: None) -> None:
        segment = swedes()
        build(segment, as_of=NOW, back_months=0)
        with pytest.raises(DefinitionError, match="built forward"):
            build(segment, as_of=NOW - timedelta(days=1))

    def test_a_build_that_fails_keeps_the_members_and_its_reason(self, people: None) -> None:
        segment = swedes()
        build(segment, as_of=NOW, back_months=0)
        change(segment, title="Swedes", document="subject: contact\ndid: [{event: page_view}]\n")
        assert segment.version == 2
        with pytest.raises(RapportError, match="interactions"):
            build(segment, as_of=NOW + timedelta(days=1))
        assert stays(segment) == [("ann", NOW, None)]
        assert "interactions" in segment.builds.first().error
        good = swedes()
        assert {b.segment_id: bool(b.error) for b in build_all(as_of=NOW + timedelta(days=2))} == {
            segment.pk: True,
            good.pk: False,
        }

    def test_segments_that_name_others_come_after_them(self, people: None) -> None:
        first = swedes()
        second = create(title="A", document=f"subject: contact\nwhen: {{not: {{segment: {first.name}}}}}\n", by="t")
        assert [s.name for s in in_order([second, first])] == [first.name, second.name]
        build_all(as_of=NOW)
        assert [s[0] for s in stays(second) if s[2] is None] == ["bo"]

    def test_changes_are_told_and_scores_follow(self, people: None) -> None:
        heard: list[tuple[str, str, bool, bool]] = []

        def listen(segment: Segment, changes: Sequence[watching.MembershipChange]) -> None:
            heard.extend((segment.name, c.subject_id, c.entered, c.is_past) for c in changes)

        watching.watch(listen)
        try:
            segment = swedes()
            build(segment, as_of=NOW, back_months=1)
            TouchMark.objects.all().delete()
            move_to("ann", "DK", NOW + timedelta(days=1))
            TouchMark.objects.all().delete()
            build(segment, as_of=NOW + timedelta(days=2))
        finally:
            watching.forget(listen)
        assert heard == [("swedes", "ann", True, True), ("swedes", "ann", False, False)]
        assert [mark.contact_id for mark in TouchMark.objects.all()] == ["ann"]


def test_members_are_asked_as_of_any_instant_before_and_after_publishing(people: None) -> None:
    """The row in the lake never learns that a stay ended: readers take that from the history."""
    segment, later = swedes(), NOW + timedelta(days=10)
    write(
        "orders",
        [
            {
                "external_id": "o1",
                "contact_id": "ann",
                "ordered_at": NOW + timedelta(days=1),
                "amount": 10,
                "currency": "EUR",
            },
            {
                "external_id": "o2",
                "contact_id": "ann",
                "ordered_at": NOW + timedelta(days=12),
                "amount": 20,
                "currency": "EUR",
            },
            {
                "external_id": "o3",
                "contact_id": "bo",
                "ordered_at": NOW + timedelta(days=12),
                "amount": 40,
                "currency": "EUR",
            },
        ],
        source="test",
        by="test",
        at=NOW + timedelta(days=13),
    )
    build(segment, as_of=NOW, back_months=0)
    publish()
    move_to("ann", "DK", later - timedelta(days=1))
    build(segment, as_of=later)
    assert AttributeValue.objects.filter(entity="segment_membership", attribute="left_at").count() == 1

    def orders_of_members() -> object:
        with open_snapshot() as (snapshot, runner):
            asked = {"period": Period.month(2025, 3), "as_of": NOW + timedelta(days=14), "runner": runner}
            return measure(["orders"], snapshot, filters=[Only("segment", (segment.name,))], **asked)[0].value

    assert orders_of_members() == 1
    publish()
    assert orders_of_members() == 1
    told = by_segment("orders", [segment.name], period=Period.month(2025, 3), now=NOW + timedelta(days=14))
    assert {name: value.value for name, value in told.items()} == {None: 3, "swedes": 1}
    measure_values(now=NOW + timedelta(days=14))
    segment.refresh_from_db()
    assert segment.value == 10


class TestDefinitions:
    def test_names_are_given_once(self) -> None:
        assert [swedes().name for _ in range(2)] == ["swedes", "swedes-2"]

    def test_a_link_to_a_dashboard_of_it_uses_it_while_it_holds(self, people: None) -> None:
        segment, ada = swedes(), User.objects.create(username="ada")
        board = Dashboard.objects.create(slug="sales", title="Sales")
        made = {"dashboard": board, "created_by": ada, "question": "period=30d&f.segment=swedes"}
        ends = timezone.now() + timedelta(days=1)
        DashboardShare.objects.create(token_hash="a", expires_at=ends, **made)
        DashboardShare.objects.create(token_hash="b", expires_at=ends - timedelta(days=2), **made)
        assert [(use.kind, use.title) for use in uses(segment)] == [("link", "Sales")]

    def test_what_is_used_is_not_deleted(self, people: None) -> None:
        segment = swedes()
        build(segment, as_of=NOW, back_months=0)
        document = f"name: x\nsubject: contact\nkind: points\naudience: {{include: [{segment.name}]}}\n"
        score = ScoreDefinition.objects.create(name="x", version=1, document=document)
        goal = Goal.objects.create(metric="revenue", filters={"segment": [segment.name]})
        other = create(title="Not", document="subject: contact\nwhen: {not: {segment: swedes}}\n", by="t")
        assert [(u.kind, u.name) for u in uses(segment)] == [("score", "x"), ("segment", "not"), ("goal", goal.pk)]
        with pytest.raises(DefinitionError, match="score X, segment Not, goal revenue"):
            delete(segment, at=NOW + timedelta(days=1))
        score.delete()
        goal.delete()
        delete(other, at=NOW + timedelta(days=1))
        delete(segment, at=NOW + timedelta(days=1))
        assert stays(segment) == [("ann", NOW, NOW + timedelta(days=1))]

    @pytest.mark.parametrize(
        ("document", "told"),
        [
            ("subject: contact\nwhen: {segment: nobody}\n", "no such segment"),
            ("subject: contact\nscores: [{score: nothing, bands: [A]}]\n", "No live score"),
            ("subject: contact\nwhen: {segment: swedes}\n", "made of itself"),
            ("subject: account\nwhen: {field: account.industry, is: it}\n", "keeps its kind"),
        ],
    )
    def test_what_cannot_be_is_refused(self, document: str, told: str) -> None:
        segment = swedes()
        with pytest.raises(DefinitionError, match=told):
            change(segment, title="Swedes", document=document)

    def test_ready_made_ones_can_be_read_and_are_offered_once(self, people: None) -> None:
        write(
            "accounts",
            [{"external_id": "a", "industry": "retail", "employees": 20, "annual_revenue": 3_000_000}],
            source="test",
            by="test",
            at=NOW,
        )
        offered = ready_made()
        assert {"sector-retail", "employees-10", "revenue-2", "repeat-buyers"} <= {one.key for one in offered}
        for one in offered:
            create(title=one.title, document=one.document, by="test", ready_made=one.key)
        assert ready_made() == []


def test_groups_are_sought_and_made_segments_of() -> None:
    """60 who buy often on the web and 60 who buy seldom in stores."""
    since = NOW - timedelta(days=800)
    people = [{"id": f"p{n:03}", "external_id": str(n), "created_at": since} for n in range(120)]
    write("contacts", people, source="test", by="test", at=since)
    orders = [
        {
            "external_id": f"{n}-{i}",
            "contact_id": f"p{n:03}",
            "ordered_at": NOW - timedelta(days=(3 * i + n % 3 + 1) if n < 60 else 60 * i + n),
            "amount": (20 + n % 7) if n < 60 else (300 + n % 50),
            "currency": "EUR",
            "channel": "web" if n < 60 else "store",
        }
        for n in range(120)
        for i in range(12 + n % 4 if n < 60 else 3 + n % 2)
    ]
    write("orders", orders, source="test", by="test", at=NOW)
    grouping = seek(subject="contact", by="test", as_of=NOW, count=2)
    assert sorted(g["size"] for g in grouping.groups) == [60, 60]
    made = adopt(grouping, [0, 1], titles={0: "Regulars"}, by="test")
    assert adopt(grouping, [0], titles={}, by="test") == [made[0]]
    assert made[0].title == "Regulars"
    assert made[1].description.endswith(".")
    sizes = [build(segment, as_of=NOW, back_months=0).size for segment in made]
    assert sizes == [60, 60]
    assert not {s[0] for s in stays(made[0])} & {s[0] for s in stays(made[1])}
