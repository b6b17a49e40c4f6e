"""The forms of Settings."""

from __future__ import annotations

import secrets
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings

from rapport.workspace.team.models import Role, Team, User


def new_password() -> str:
    """Four groups of five letters and digits: 100 bits, easy to read out."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


class MeForm(forms.ModelForm[User]):
    """What people choose for themselves."""

    time_zone = forms.ChoiceField(required=False)
    language = forms.ChoiceField(required=False)

    class Meta:
        model = User
        fields = ["name", "email", "time_zone", "language"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = [
            ("", f"The company's ({settings.REPORTING_TIME_ZONE})"),
            *((z, z) for z in sorted(available_timezones())),
        ]
        self.fields["time_zone"] = forms.ChoiceField(choices=zones, required=False, label="Time zone")
        languages = [("", "As the browser asks"), *settings.LANGUAGES]
        self.fields["language"] = forms.ChoiceField(
            choices=languages, required=False, label="Numbers and dates", help_text="The words stay English for now."
        )
        self.fields["email"].required = False


class PersonForm(forms.ModelForm[User]):
    """A person as an administrator sees them."""

    class Meta:
        model = User
        fields = ["name", "username", "email", "role", "team", "is_active"]
        labels = {"is_active": "May sign in"}
        help_texts = {"username": "", "is_active": ""}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = Team.objects.filter(deleted_at=None).order_by("name")  # type: ignore[attr-defined]
        self.fields["team"].required = False
        self.fields["name"].required = True
        self.fields["email"].required = False
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            (Role.MEMBER, "Member: sees their own records"),
            (Role.MANAGER, "Manager: sees their team's records"),
            (Role.ADMIN, "Administrator: sees and does everything"),
        ]


class TeamForm(forms.ModelForm[Team]):
    """A team and the one it belongs to."""

    class Meta:
        model = Team
        fields = ["name", "parent_team"]
        labels = {"parent_team": "Part of"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = Team.objects.filter(deleted_at=None).order_by("name")
        self.fields["parent_team"].queryset = teams.exclude(pk=self.instance.pk)  # type: ignore[attr-defined]
        self.fields["parent_team"].required = False
