"""Signing in, staying out, and what every page says to the browser."""

from __future__ import annotations

import pytest
from django.test import Client

from small_company import SmallCompany

PASSWORD = "a-long-enough-password"


@pytest.fixture
def browser(company: SmallCompany) -> Client:
    alice = company.people["alice"]
    alice.set_password(PASSWORD)
    alice.save()
    return Client(headers={"host": "localhost"})


def sign_in(browser: Client, login: str, password: str = PASSWORD) -> int:
    return browser.post("/account/sign-in/", {"login": login, "password": password}).status_code


class TestSignIn:
    @pytest.mark.parametrize("login", ["alice", "alice@example.com", "Alice@Example.com"])
    def test_takes_the_username_or_the_e_mail_address(self, browser: Client, login: str) -> None:
        assert sign_in(browser, login) == 302
        assert browser.get("/contacts/").status_code == 200

    def test_every_page_asks_for_it(self, browser: Client) -> None:
        for address in (
            "/",
            "/contacts/",
            "/contacts/contact-0/",
            "/deals/board/",
            "/data/",
            "/settings/",
            "/palette/",
        ):
            answer = browser.get(address)
            assert answer.status_code == 302, address
            assert answer["Location"].startswith("/account/sign-in/"), address

    def test_a_wrong_password_is_refused_in_words(self, browser: Client) -> None:
        answer = browser.post("/account/sign-in/", {"login": "alice", "password": "wrong"})
        assert answer.status_code == 200
        assert "not correct" in answer.content.decode()

    def test_too_many_wrong_passwords_lock_out_also_with_the_right_one(self, browser: Client) -> None:
        codes = [sign_in(browser, "alice", "wrong") for _ in range(8)]
        assert codes[-1] == 429
        assert sign_in(browser, "alice") == 429

    def test_no_one_can_register(self, browser: Client) -> None:
        assert browser.get("/account/sign-up/").status_code in (302, 404)

    def test_who_was_switched_off_stays_out(self, browser: Client, company: SmallCompany) -> None:
        alice = company.people["alice"]
        alice.is_active = False
        alice.save()
        sign_in(browser, "alice")
        assert browser.get("/contacts/").status_code == 302


class TestWhatThePageTellsTheBrowser:
    def test_no_script_but_our_own(self, company: SmallCompany) -> None:
        policy = company.client("alice").get("/contacts/")["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe-eval" not in policy
        assert "script-src 'self' 'unsafe-inline'" not in policy

    def test_pages_hold_no_inline_scripts_or_handlers(self, company: SmallCompany) -> None:
        page = company.client("ada").get("/contacts/contact-0/").content.decode()
        assert "onclick=" not in page
        assert "<script>" not in page

    def test_health_needs_no_sign_in(self, db: None) -> None:
        assert Client(headers={"host": "localhost"}).get("/healthz").content == b"ok"

    def test_files_carry_the_hash_of_their_content(self, company: SmallCompany) -> None:
        assert "frame.css?v=" in company.client("alice").get("/contacts/").content.decode()
