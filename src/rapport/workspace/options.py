"""Every setting of an installation: one list of name, default, unit and help. A bad value stops the start.

Each is read from the environment as `RAPPORT_<NAME>`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from rapport.engine.errors import DefinitionError


@dataclass(frozen=True, kw_only=True)
class Option:
    """One setting: how it is called, what it is without being set, and what it does."""

    name: str
    default: str
    help: str
    unit: str = ""

    @property
    def variable(self) -> str:
        return f"RAPPORT_{self.name.upper()}"


OPTIONS: dict[str, Option] = {
    option.name: option
    for option in (
        Option(
            name="home", default="var", help="Folder for the database, the lake, snapshots and uploads", unit="path"
        ),
        Option(
            name="database",
            default="",
            help="postgresql://user:password@host/name, or empty for SQLite in the home folder",
            unit="URL",
        ),
        Option(name="lake", default="", help="Folder of the lake; empty for `lake` in the home folder", unit="path"),
        Option(
            name="secret_key",
            default="",
            help="Key for sessions and signatures; empty makes one and keeps it in the home folder",
        ),
        Option(name="debug", default="no", help="Show errors in the browser; never on a server", unit="yes/no"),
        Option(name="hosts", default="localhost,127.0.0.1,[::1]", help="Host names under which it is served, by comma"),
        Option(
            name="origins",
            default="",
            help="Origins behind a proxy that may send forms (https://crm.example.com), by comma",
        ),
        Option(
            name="time_zone",
            default="UTC",
            help="Reporting time zone: the company's days, weeks and months",
            unit="IANA zone",
        ),
        Option(name="currency", default="EUR", help="Base currency of sums", unit="ISO 4217"),
        Option(
            name="sqlite_synchronous", default="NORMAL", help="FULL also survives a loss of power", unit="NORMAL/FULL"
        ),
        Option(name="threads", default="", help="Threads of a scoring run; empty uses every core"),
        Option(name="memory", default="", help="Memory of a scoring run, as 4GB; empty uses up to 80 % of the machine"),
        Option(name="upload_limit", default="2000", help="Largest file taken by the import page", unit="MB"),
    )
}


def option(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """The value of a setting."""
    chosen = OPTIONS[name]
    return environ.get(chosen.variable, "").strip() or chosen.default


def home_folder(environ: Mapping[str, str] = os.environ) -> Path:
    return Path(option("home", environ)).expanduser().resolve()


def lake_folder(environ: Mapping[str, str] = os.environ) -> Path:
    chosen = option("lake", environ)
    return Path(chosen).expanduser().resolve() if chosen else home_folder(environ) / "lake"


def time_zone(environ: Mapping[str, str] = os.environ) -> ZoneInfo:
    name = option("time_zone", environ)
    if name not in available_timezones():
        raise DefinitionError(
            "not a time zone", where="RAPPORT_TIME_ZONE", received=name, allowed=sorted(available_timezones())
        )
    return ZoneInfo(name)
