"""Every setting of an installation: one list of name, default, unit and help. A bad value stops the start.

Each is read from the environment as `RAPPORT_<NAME>`, else from `settings.toml` in the home folder.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from rapport.engine.errors import DefinitionError

_ANY = ""


@dataclass(frozen=True, kw_only=True)
class Option:
    """One setting: how it is called, what it is without being set, what it does, and what it may be.

    Attributes: pattern, a regular expression that the whole value must match.
    """

    name: str
    default: str
    help: str
    unit: str = ""
    pattern: str = _ANY

    @property
    def variable(self) -> str:
        return f"RAPPORT_{self.name.upper()}"

    def checked(self, value: str, *, where: str) -> str:
        """The value, or DefinitionError saying where it stands and what is allowed."""
        if self.name == "time_zone" and value not in available_timezones():
            raise DefinitionError("not a time zone", where=where, received=value, allowed=sorted(available_timezones()))
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise DefinitionError(f"not allowed here ({self.help})", where=where, received=value, allowed=self.unit)
        return value


_WHOLE = r"\d*"
OPTIONS: dict[str, Option] = {
    option.name: option
    for option in (
        Option(name="home", default="var", help="Folder for the database, the lake and uploads", unit="path"),
        Option(
            name="database", default="", unit="URL",
            help="postgresql://user:password@host/name, or empty for SQLite in the home folder",
        ),
        Option(name="lake", default="", help="Folder of the lake; empty for `lake` in the home folder", unit="path"),
        Option(
            name="secret_key", default="",
            help="Key for sessions and signatures; empty makes one and keeps it in the home folder",
        ),
        Option(
            name="debug", default="no", unit="yes/no", pattern="yes|no",
            help="Show errors in the browser; never on a server",
        ),
        Option(name="hosts", default="localhost,127.0.0.1,[::1]", help="Host names under which it is served, by comma"),
        Option(
            name="origins", default="", pattern=r"(https?://[^,\s]+,?)*", unit="https://host, by comma",
            help="Origins behind a proxy that may send forms (https://crm.example.com), by comma",
        ),
        Option(
            name="time_zone", default="UTC", unit="IANA zone",
            help="Reporting time zone: the company's days, weeks and months",
        ),
        Option(name="currency", default="EUR", help="Base currency of sums", unit="ISO 4217", pattern="[A-Z]{3}"),
        Option(
            name="sqlite_synchronous", default="NORMAL", unit="NORMAL/FULL", pattern="NORMAL|FULL",
            help="FULL also survives a loss of power",
        ),
        Option(
            name="threads", default="", unit="whole number", pattern=_WHOLE,
            help="Threads of a scoring run; empty uses every core",
        ),
        Option(
            name="memory", default="", unit="as 4GB", pattern=r"(\d+(\.\d+)? ?(MB|GB|TB|MiB|GiB))?",
            help="Memory of a scoring run; empty uses up to 80 % of the machine",
        ),
        Option(
            name="upload_limit", default="2000", unit="MB", pattern=r"\d+",
            help="Largest file taken by the import page",
        ),
        Option(
            name="mail", default="", unit="URL", pattern=r"(smtps?://\S+)?",
            help="smtp://user:password@host:587 (STARTTLS), smtps://… (TLS), or empty: no mail is sent",
        ),
        Option(
            name="mail_from", default="", pattern=r"([^<>\r\n]+<)?[^<>\s@]+@[^<>\s@]+>?|", unit="address",
            help="Sender of mail: Rapport <rapport@example.com>; empty takes rapport@ and the first host name",
        ),
    )
}  # fmt: skip


def option(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """The value of a setting: the environment's, else the home folder's, else the default."""
    chosen = OPTIONS[name]
    if given := environ.get(chosen.variable, "").strip():
        return chosen.checked(given, where=chosen.variable)
    if name != "home" and (stored := stored_options(environ).get(name)):
        return chosen.checked(stored, where=f"{settings_file(environ)}, {name}")
    return chosen.default


def home_folder(environ: Mapping[str, str] = os.environ) -> Path:
    return Path(option("home", environ)).expanduser().resolve()


def lake_folder(environ: Mapping[str, str] = os.environ) -> Path:
    chosen = option("lake", environ)
    return Path(chosen).expanduser().resolve() if chosen else home_folder(environ) / "lake"


def time_zone(environ: Mapping[str, str] = os.environ) -> ZoneInfo:
    return ZoneInfo(option("time_zone", environ))


def settings_file(environ: Mapping[str, str] = os.environ) -> Path:
    return home_folder(environ) / "settings.toml"


def stored_options(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What `settings.toml` sets. Raises: DefinitionError where it cannot be read or names no setting."""
    file = settings_file(environ)
    if not file.exists():
        return {}
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefinitionError(f"not readable as TOML: {error}", where=str(file)) from error
    for name in found:
        if name not in OPTIONS or name == "home":
            raise DefinitionError("no such setting", where=str(file), received=name, allowed=sorted(OPTIONS))
    return {name: str(value) for name, value in found.items()}


def store_options(values: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> None:
    """Keep settings in `settings.toml`; they hold from the next start on, unless the environment says otherwise."""
    checked = {name: OPTIONS[name].checked(value, where=name) for name, value in values.items()}
    _write_options({**stored_options(environ), **checked}, environ)


def forget_options(values: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> None:
    """Take those settings out of `settings.toml` that still have these values."""
    stored = stored_options(environ)
    kept = {name: value for name, value in stored.items() if values.get(name) != value}
    if kept != stored:
        _write_options(kept, environ)


def _write_options(values: Mapping[str, str], environ: Mapping[str, str]) -> None:
    file = settings_file(environ)
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    file.parent.mkdir(parents=True, exist_ok=True)
    written = file.with_suffix(".new")
    written.write_text("\n".join(lines) + "\n", encoding="utf-8")
    written.replace(file)


def store_missing(values: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> None:
    """Keep those of the settings that neither the environment nor the home folder sets."""
    stored = stored_options(environ)
    missing = {name: v for name, v in values.items() if name not in stored and not environ.get(OPTIONS[name].variable)}
    if missing:
        store_options(missing, environ)


def options_page() -> str:
    """The reference page of all settings (`docs/reference/settings.md`)."""
    lines = [
        "# Settings",
        "",
        'Each is read from the environment, else from `settings.toml` in the home folder (`currency = "EUR"`).',
        "A value that is not allowed stops the start and says why.",
        "",
        "| Variable | In `settings.toml` | Default | Unit | What it does |",
        "| --- | --- | --- | --- | --- |",
    ]
    for o in OPTIONS.values():
        default = f"`{o.default}`" if o.default else ""
        stored = f"`{o.name}`" if o.name != "home" else ""
        lines.append(f"| `{o.variable}` | {stored} | {default} | {o.unit} | {o.help} |")
    return "\n".join(lines) + "\n"
