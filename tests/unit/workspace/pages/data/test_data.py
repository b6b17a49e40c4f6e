"""Data: counts by source for those who may import, the sample taken out by the administrator alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from rapport.workspace.crm.records.models import Contact
from rapport.workspace.crm.samples.models import LoadedSample
from rapport.workspace.queue import Job, run_worker
from small_company import AT, SmallCompany


def test_counts_rows_by_source(company: SmallCompany) -> None:
    page = company.client("bob").get("/data/sources/").content.decode()
    assert "Made here" in page
    assert "Contacts" in page


def test_a_member_is_not_told_of_the_company_s_totals(company: SmallCompany) -> None:
    assert company.client("alice").get("/data/").status_code == 200
    assert company.client("alice").get("/data/sources/").status_code == 403
    assert company.client("alice").get("/data/lake/").status_code == 403


def test_the_page_takes_few_queries(company: SmallCompany, django_assert_max_num_queries: Any) -> None:
    client = company.client("ada")
    with django_assert_max_num_queries(10):
        client.get("/data/")


def test_sample_data_is_marked_on_every_page_and_removed_by_an_admin_alone(company: SmallCompany) -> None:
    LoadedSample.objects.create(name="software", title="A software company", is_simulated=True, loaded_at=AT)
    page = company.client("alice").get("/contacts/").content.decode()
    assert "A software company, simulated" in page
    assert "/data/sample/remove/" not in page
    assert company.client("bob").post("/data/sample/remove/").status_code == 403
    assert company.client("ada").post("/data/sample/remove/").status_code == 302
    assert Job.objects.filter(name="remove_sample").count() == 1


def test_one_click_takes_the_sample_out_and_leaves_what_people_made(
    company: SmallCompany, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    LoadedSample.objects.create(name="software", title="A software company", is_simulated=True, loaded_at=AT)
    Contact.objects.create(id="sampled", source="sample", last_name="Sampled", created_at=AT)
    ada = company.client("ada")
    ada.post("/data/sample/remove/")
    run_worker(stop_when_idle=True)
    assert Job.objects.get(name="remove_sample").state == "done"
    assert sorted(Contact.objects.values_list("pk", flat=True)) == ["contact-0", "contact-1", "contact-2"]
    cache.clear()
    assert "sample data:" not in ada.get("/contacts/").content.decode()
