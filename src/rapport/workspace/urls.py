"""Every address of the workspace. Each needs a signed-in reader unless its view says otherwise."""

from __future__ import annotations

from allauth.account import views as account
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

_MARK = login_not_required(RedirectView.as_view(url="/static/rapport/mark.svg"))
_PAGES = "rapport.workspace.pages"

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/sign-in/", account.login, name="account_login"),
    path("account/sign-out/", account.logout, name="account_logout"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("favicon.ico", _MARK),
    path("", include(f"{_PAGES}.frame.urls")),
    path("today/", include(f"{_PAGES}.today.urls")),
    path("dashboards/", include(f"{_PAGES}.dashboards.urls")),
    path("scores/", include(f"{_PAGES}.scores.urls")),
    path("contacts/", include(f"{_PAGES}.records.contact_urls")),
    path("accounts/", include(f"{_PAGES}.records.account_urls")),
    path("deals/", include(f"{_PAGES}.deals.urls")),
    path("goals/", include(f"{_PAGES}.goals.urls")),
    path("segments/", include(f"{_PAGES}.segments.urls")),
    path("data/imports/", include(f"{_PAGES}.imports.urls")),
    path("data/", include(f"{_PAGES}.data.urls")),
    path("settings/", include(f"{_PAGES}.settings.urls")),
]

handler403 = f"{_PAGES}.frame.errors.forbidden"
handler404 = f"{_PAGES}.frame.errors.not_found"
handler500 = f"{_PAGES}.frame.errors.broken"
