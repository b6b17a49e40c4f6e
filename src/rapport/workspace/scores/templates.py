"""Definitions to start from, in sets: one folder for a line of business, one YAML document for each score.

A document may name scores of its set under `scores`; they are written into it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from rapport.engine.errors import DefinitionError
from rapport.engine.scores.definition_text import read_yaml
from rapport.workspace.scores.embedding import embedded

SETS: Mapping[str, str] = {
    "b2b-software": "Software for companies: leads, accounts, subscriptions",
    "retail": "Shops: purchases without a contract",
    "bank": "Banks: long relations, products one after another",
    "telecom": "Telecoms: contracts, tariffs, many cases",
    "small-business": "Small businesses: four criteria, no statistics",
    "large-enterprise": "Large accounts: the account first, long cycles",
}


@dataclass(frozen=True, kw_only=True)
class Template:
    """A definition to start from.

    Attributes: key, `<set>-<file>`; set; title, of the score; purpose, the first line of its file; document.
    """

    key: str
    set: str
    title: str
    purpose: str
    document: str

    @property
    def business(self) -> str:
        """What the set is for."""
        return SETS[self.set]


@cache
def templates() -> Mapping[str, Template]:
    """Every template by key, `<set>-<file>`; the sets in the order of `SETS`, within them alphabetically."""
    return {template.key: template for name in SETS for template in template_set(name)}


def template_set(name: str) -> tuple[Template, ...]:
    """The templates of one set.

    Raises: DefinitionError for a set that is not there.
    """
    if name not in SETS:
        raise DefinitionError("There is no such set of templates.", where="scores", received=name, allowed=tuple(SETS))
    folder = files("rapport.workspace.scores") / "templates_yaml" / name
    texts = {f.name.removesuffix(".yaml"): f.read_text("utf-8") for f in folder.iterdir() if f.name.endswith(".yaml")}
    by_score = {str(read_yaml(text)["name"]): text for text in texts.values()}

    def whole(score: str) -> str:
        if score not in by_score:
            raise DefinitionError("Its set has no such score.", where=name, received=score, allowed=tuple(by_score))
        return embedded(by_score[score], whole)

    return tuple(_template(name, stem, embedded(text, whole)) for stem, text in sorted(texts.items()))


def template(key: str) -> Template:
    known = templates()
    if key not in known:
        raise DefinitionError("There is no such template.", where="scores", received=key, allowed=tuple(known))
    return known[key]


def _template(folder: str, stem: str, document: str) -> Template:
    first, _, rest = document.partition("\n")
    purpose = first.removeprefix("#").strip() if first.startswith("#") else ""
    read = read_yaml(document)
    return Template(
        key=f"{folder}-{stem}",
        set=folder,
        title=str(read.get("title") or read["name"]),
        purpose=purpose,
        document=rest if purpose else document,
    )
