"""The palette finds pages and the records that its reader may see."""

from __future__ import annotations

from small_company import SmallCompany


def found(company: SmallCompany, name: str, typed: str) -> str:
    return company.client(name).get("/palette/", {"q": typed}).content.decode()


def test_finds_pages_by_any_part_of_their_name(company: SmallCompany) -> None:
    assert "/contacts/" in found(company, "alice", "ntact")


def test_finds_records_by_the_beginning_of_a_name(company: SmallCompany) -> None:
    assert "/contacts/contact-0/" in found(company, "ada", "ber")
    assert "/deals/deal-1/" in found(company, "ada", "deal 1")


def test_does_not_tell_of_others_records(company: SmallCompany) -> None:
    assert "contact-0" not in found(company, "charlie", "ber")
    assert "contact-1" in found(company, "charlie", "ber")
