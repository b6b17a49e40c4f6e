"""The pages of the segments: what is shown to whom, and what may be done."""

from __future__ import annotations

import html
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.http import StreamingHttpResponse
from django.utils import timezone

from rapport.engine.metrics.segments.spec import parse_segment
from rapport.engine.scores.definition_text import read_yaml
from rapport.workspace.metrics.segments.building import build
from rapport.workspace.metrics.segments.definitions import create
from rapport.workspace.metrics.segments.models import Grouping, Segment
from rapport.workspace.metrics.segments.ready_made import ready_made
from rapport.workspace.pages.segments import people
from rapport.workspace.pages.segments.form import changed, segment_form
from rapport.workspace.queue.models import Job
from rapport.workspace.scores.models import ScoreDefinition
from small_company import SmallCompany, live_score

SCORE = """
name: readiness
subject: contact
kind: points
range: [0, 100]
bands: [{label: Hot, from: 50}, {label: Cold, from: 0}]
groups: {g: {type: engagement, criteria: [{name: visit, points: 8, per: {event: page_view}}]}}
"""
CALLED = "subject: contact\ndid:\n  - event: call\n"


@pytest.fixture(autouse=True)
def _in_that_year() -> Iterator[None]:
    """In the year after what the small company did: it does it at fixed instants."""
    with time_machine.travel(datetime(2026, 11, 2, 10, tzinfo=UTC)):
        yield


@pytest.fixture
def called(company: SmallCompany) -> Segment:
    """Everyone who was called: one contact of Alice, one of Charlie, one of no one."""
    made = create(title="=Called <b>", document=CALLED, by="ada")
    build(made, as_of=timezone.now(), back_months=0)
    return made


def test_an_empty_page_offers_ready_made_ones_that_are_made_at_once(company: SmallCompany) -> None:
    ada = company.client("ada")
    page = ada.get("/segments/").content.decode()
    assert "No segment yet" in page
    assert "Bought twice in a year" in page
    assert ada.post("/segments/ready/", {"key": ["repeat-buyers", "leads"]}).status_code == 302
    assert set(Segment.objects.values_list("ready_made", flat=True)) == {"repeat-buyers", "leads"}
    assert Job.objects.filter(name="build_segment").count() == 2
    page = ada.get("/segments/").content.decode()
    assert "not yet" in page
    assert "Bought twice in a year" in page


def test_a_page_shows_only_members_that_the_reader_may_see(company: SmallCompany, called: Segment) -> None:
    page = company.client("alice").get(f"/segments/{called.name}/").content.decode()
    assert "Åsa Berg" in page
    assert "Ben Bergman" not in page
    assert "Cleo Adams" not in page
    everyone = company.client("ada").get(f"/segments/{called.name}/").content.decode()
    assert all(name in everyone for name in ("Åsa Berg", "Ben Bergman", "Cleo Adams"))
    assert "Called <b>" not in everyone
    assert html.escape("=Called <b>") in everyone


def test_an_export_holds_what_the_reader_may_see_and_no_formulas(company: SmallCompany, called: Segment) -> None:
    company.contact_of["alice"].last_name = "=cmd()"
    company.contact_of["alice"].first_name = ""
    company.contact_of["alice"].save()
    answer = company.client("alice").get(f"/segments/{called.name}/members.csv")
    lines = b"".join(whole(answer)).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("id,name,member since,email")
    assert len(lines) == 2
    assert ",'=cmd()," in lines[1]


@async_to_sync
async def whole(answer: StreamingHttpResponse) -> list[bytes]:
    return [part async for part in answer.streaming_content]


def test_members_come_a_page_at_a_time(company: SmallCompany, called: Segment) -> None:
    ada = company.people["ada"]
    first = people.member_page(called, ada, size=2)
    rest = people.member_page(called, ada, after=first.after, size=2)
    assert [len(first.members), len(rest.members), rest.after] == [2, 1, ""]
    assert not {m.record.pk for m in first.members} & {m.record.pk for m in rest.members}


def test_whoever_may_not_edit_cannot(company: SmallCompany, called: Segment) -> None:
    alice = company.client("alice")
    for path in ("new/", f"{called.name}/edit/"):
        assert alice.get(f"/segments/{path}").status_code == 403
    for path in (
        "ready/",
        "form/",
        "preview/",
        "build/",
        "groups/seek/",
        f"{called.name}/build/",
        f"{called.name}/delete/",
    ):
        assert alice.post(f"/segments/{path}").status_code == 403
    assert "New segment" not in alice.get("/segments/").content.decode()
    assert company.client("bob").get("/segments/new/").status_code == 200


def test_the_preview_counts_all_and_names_those_who_may_be_seen(company: SmallCompany) -> None:
    page = company.client("bob").post("/segments/preview/", {"document": CALLED}).content.decode()
    assert "<strong>3</strong> of 3 contacts" in page
    assert "Åsa Berg" in page
    assert "Ben Bergman" not in page
    wrong = company.client("bob").post("/segments/preview/", {"document": "subject: contact\n"}).content.decode()
    assert "says who is in it" in wrong


def test_saving_makes_builds_and_refuses_with_the_reason(company: SmallCompany) -> None:
    bob = company.client("bob")
    answer = bob.post("/segments/new/", {"title": "Called", "document": CALLED})
    assert answer.status_code == 302
    assert Job.objects.get(name="build_segment").args == {"segment": Segment.objects.get().pk}
    refused = bob.post("/segments/called/edit/", {"title": "Called", "document": "subject: contact\n"})
    assert refused.status_code == 422
    assert "says who is in it" in refused.content.decode()
    bob.post("/segments/called/edit/", {"title": "Phoned", "document": CALLED})
    assert Segment.objects.get().title == "Phoned"
    assert Job.objects.count() == 1  # its rules are as they were


def test_what_distinguishes_it_and_its_metrics_are_found_and_kept(company: SmallCompany, called: Segment) -> None:
    ada = company.client("ada")
    page = ada.get(f"/segments/{called.name}/findings/").content.decode()
    assert "Its metrics" in page or "Nothing that is known" in page
    called.refresh_from_db()
    kept = called.findings
    assert kept["built_at"] == called.built_at.isoformat()
    assert ada.get(f"/segments/{called.name}/findings/").content.decode() == page


def test_a_metric_is_shown_for_each_segment_and_everybody(company: SmallCompany, called: Segment) -> None:
    page = company.client("alice").get("/segments/metrics/?metric=orders&part=figures").content.decode()
    assert "everybody: 3" in page
    assert "not to be added up" in page
    assert "nothing known" in page  # the orders came before the segment was built
    assert company.client("alice").get("/segments/metrics/").status_code == 200


def test_groups_are_shown_ticked_and_made_segments(company: SmallCompany) -> None:
    groups = [
        {"number": n, "size": 5, "share": 0.5, "traits": [], "name": name, "description": "Buy often."}
        for n, name in enumerate(("Frequent", "Lapsed"))
    ]
    found = Grouping.objects.create(subject="contact", as_of=timezone.now(), model={}, groups=groups, active_count=10)
    ada = company.client("ada")
    assert "Frequent" in ada.get("/segments/groups/").content.decode()
    ada.post(f"/segments/groups/{found.pk}/adopt/", {"take": ["1"], "title-1": "Gone"})
    assert [(s.title, s.group_number) for s in Segment.objects.all()] == [("Gone", 1)]
    none = Grouping.objects.create(subject="account", as_of=timezone.now(), reason="They form no clear groups.")
    assert none.reason in ada.get("/segments/groups/?of=account").content.decode()


def test_deleting_asks_who_uses_it(company: SmallCompany, called: Segment) -> None:
    other = create(title="Others", document=f"subject: contact\nwhen: {{not: {{segment: {called.name}}}}}\n", by="ada")
    ada = company.client("ada")
    ada.post(f"/segments/{called.name}/delete/")
    assert ada.get(f"/segments/{called.name}/").status_code == 200
    ada.post(f"/segments/{other.name}/delete/")
    ada.post(f"/segments/{called.name}/delete/")
    assert ada.get(f"/segments/{called.name}/").status_code == 404


class TestForm:
    def test_each_change_leaves_a_segment_that_can_be_read(self, db: None) -> None:
        text = changed(CALLED, change="add_did", place="did", value="")
        text = changed(text, change="set", place="did/1/times", value="3")
        text = changed(text, change="add_test", place="when", value="contact.country")
        text = changed(text, change="test", place="when/all/0", value="in")
        text = changed(text, change="operand", place="when/all/0", value="SE, NO")
        definition = parse_segment(text)
        assert definition.words == "country is one of SE, NO; call; page view at least 3 times in the last 30 days"
        form = segment_form(read_yaml(text))
        assert [line.times for line in form.did] == ["1", "3"]
        assert form.when.tests[0].operand == "SE, NO"
        text = changed(text, change="set", place="did/1/times", value="0")
        assert parse_segment(text).words.endswith("no page view in the last 30 days")
        text = changed(text, change="times", place="did/1/times", value="4")
        assert parse_segment(text).did[1].times == 4
        text = changed(text, change="drop", place="did/1", value="")
        text = changed(text, change="remove_test", place="when/all/0", value="")
        assert parse_segment(text) == parse_segment(CALLED)

    def test_a_score_is_added_by_its_best_band_and_offered_ready_made(self, company: SmallCompany) -> None:
        live_score("readiness", {"contact-0": "80"})
        ScoreDefinition.objects.update(document=SCORE, title="Readiness")
        text = changed("subject: contact\n", change="add_score", place="scores", value="readiness")
        assert parse_segment(text).scores[0].bands == ("Hot",)
        text = changed(text, change="labels", place="scores/0/bands", value="Hot, Cold")
        (line,) = segment_form(read_yaml(text)).scores
        assert (line.chosen, list(line.known)) == ("Hot, Cold", ["Hot", "Cold"])
        offered = {one.key: one for one in ready_made()}
        assert parse_segment(offered["band-readiness-Hot"].document).words == "readiness: in Hot"
        page = company.client("bob").post("/segments/form/", {"document": text}).content.decode()
        assert "One or more of: Hot, Cold" in page
