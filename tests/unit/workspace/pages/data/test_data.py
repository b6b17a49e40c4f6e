"""Data: counts by source for those who may import, the sample taken out by the administrator alone."""

from __future__ import annotations

from typing import Any

from rapport.workspace.crm.samples.models import LoadedSample
from rapport.workspace.queue import Job
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
