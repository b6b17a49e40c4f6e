"""Every address of the workspace."""

from __future__ import annotations

from importlib.util import find_spec

from allauth.account import views as account
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/sign-in/", account.login, name="account_login"),
    path("account/sign-out/", account.logout, name="account_logout"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("favicon.ico", RedirectView.as_view(url="/static/rapport/mark.svg", permanent=False)),
    path("", include("rapport.workspace.pages.frame.urls")),
    path("contacts/", include("rapport.workspace.pages.records.contact_urls")),
    path("accounts/", include("rapport.workspace.pages.records.account_urls")),
]
_ROOMS = {
    "today/": "today",
    "dashboards/": "dashboards",
    "scores/": "scores",
    "data/imports/": "imports",
    "data/": "data",
    "settings/": "settings",
    "deals/": "deals",
}
urlpatterns += [
    path(prefix, include(f"rapport.workspace.pages.{room}.urls"))
    for prefix, room in _ROOMS.items()
    if find_spec(f"rapport.workspace.pages.{room}") and find_spec(f"rapport.workspace.pages.{room}.urls")
]

handler403 = "rapport.workspace.pages.frame.errors.forbidden"
handler404 = "rapport.workspace.pages.frame.errors.not_found"
handler500 = "rapport.workspace.pages.frame.errors.broken"
