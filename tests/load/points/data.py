"""Contacts, accounts and interactions of any size, as Parquet files laid out as in the lake: sorted by contact."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rapport.engine.crm.tables import TABLES

AS_OF = datetime(2025, 6, 30, 15, 30, tzinfo=UTC)
FILES = 16
_DAYS = 730
_DAY = 86_400_000_000  # microseconds

TYPES = {
    "page_view": 0.44,
    "email_sent": 0.20,
    "email_open": 0.11,
    "email_click": 0.05,
    "form_submit": 0.02,
    "meeting": 0.01,
    "call": 0.03,
    "product_use": 0.08,
    "chat": 0.01,
    "webinar": 0.01,
    "content_download": 0.03,
    "social": 0.01,
}
OUTBOUND = ("email_sent",)
PATHS = (
    ["/pricing", "/pricing/enterprise", "/Pricing/compare", "/demo", "/careers", "/careers/engineer", "/docs", "/"]
    + [f"/blog/post-{n}" for n in range(120)]
    + [f"/docs/page-{n}" for n in range(60)]
    + [f"/customers/story-{n}" for n in range(30)]
)
FORMS = ("demo", "newsletter", "contact", "webinar")


def generate(folder: Path, *, contacts: int, interactions: int, seed: int = 7) -> None:
    """`folder`/contacts.parquet, accounts.parquet and interactions/bucket=*/part.parquet. Same seed, same files."""
    random = np.random.default_rng(seed)
    ids = _ids("c", contacts)
    accounts = _ids("a", max(1, contacts // 10))
    _write_accounts(folder, accounts, random)
    _write_contacts(folder, ids, accounts, random)
    share = random.gamma(0.8, size=contacts)
    per_contact = random.multinomial(interactions, share / share.sum())
    order = np.argsort(ids)
    for bucket, members in enumerate(np.array_split(order, FILES)):
        _write_interactions(folder, bucket, ids[members], per_contact[members], random)


def _ids(prefix: str, count: int) -> np.ndarray:
    """Ids of 36 characters, as UUIDs have."""
    digest = (hashlib.sha256(f"{prefix}{n}".encode()).hexdigest() for n in range(count))
    return np.array([f"{d[:8]}-{d[8:12]}-7{d[13:16]}-a{d[17:20]}-{d[20:32]}" for d in digest])


def _write_accounts(folder: Path, ids: np.ndarray, random: np.random.Generator) -> None:
    industries = np.array(["software", "retail", "bank", "telecom", "public", None], dtype=object)
    employees = np.exp(random.normal(4.5, 1.6, len(ids))).astype(np.int64) + 1
    columns = {"id": ids, "industry": random.choice(industries, len(ids)), "employees": employees}
    pq.write_table(_table("accounts", columns), folder / "accounts.parquet")


def _write_contacts(folder: Path, ids: np.ndarray, accounts: np.ndarray, random: np.random.Generator) -> None:
    titles = np.array(["Head of Sales", "VP Marketing", "Engineer", "Director IT", "Assistant", None], dtype=object)
    domains = np.array(["gmail.com", "example.com", "example.org", "web.de"])
    columns = {
        "id": ids,
        "account_id": random.choice(accounts, len(ids)),
        "email": np.char.add("p@", random.choice(domains, len(ids))),
        "title": random.choice(titles, len(ids)),
        "seniority": random.choice(np.array(["c_level", "vp", "staff", None], dtype=object), len(ids)),
    }
    pq.write_table(_table("contacts", columns), folder / "contacts.parquet")


def _write_interactions(
    folder: Path, bucket: int, ids: np.ndarray, counts: np.ndarray, random: np.random.Generator
) -> None:
    total = int(counts.sum())
    contact = np.repeat(np.arange(len(ids)), counts)
    start = int(AS_OF.timestamp() * 1_000_000) - _DAYS * _DAY
    at = start + random.integers(0, (_DAYS + 3) * _DAY, total)  # three days lie after the instant
    order = np.lexsort((at, contact))
    contact, at = contact[order], at[order]
    kind = random.choice(len(TYPES), total, p=np.array(list(TYPES.values())))
    types = list(TYPES)
    is_page, is_form = kind == types.index("page_view"), kind == types.index("form_submit")
    weights = 1 / np.arange(1, len(PATHS) + 1)
    path = random.choice(len(PATHS), total, p=weights / weights.sum())
    form = random.integers(0, len(FORMS), total)
    outbound = np.isin(kind, [types.index(t) for t in OUTBOUND])
    stamps = pa.array(at, pa.timestamp("us", tz="UTC"))
    columns = {
        "id": pa.array([f"{bucket:02d}{n:034x}" for n in range(total)]),
        "contact_id": pa.DictionaryArray.from_arrays(pa.array(contact, pa.int32()), pa.array(ids)).cast(pa.string()),
        "type": _picked(types, kind),
        "direction": _picked(["inbound", "outbound"], outbound.astype(np.int32)),
        "channel": _picked(["web", "email"], (~is_page).astype(np.int32)),
        "url_path": _picked(PATHS, path, mask=~is_page),
        "properties": _picked([f'{{"form":"{f}","step":1}}' for f in FORMS], form, mask=~is_form),
        "occurred_at": stamps,
        "recorded_at": stamps,
        "created_at": stamps,
    }
    target = folder / "interactions" / f"bucket={bucket}"
    target.mkdir(parents=True, exist_ok=True)
    table = _table("interactions", columns).drop_columns(["bucket"])
    pq.write_table(table, target / "part.parquet", compression="zstd", row_group_size=122_880)


def _picked(values: list[str], index: np.ndarray, mask: np.ndarray | None = None) -> pa.Array:
    codes = pa.array(index.astype(np.int32), mask=mask)
    return pa.DictionaryArray.from_arrays(codes, pa.array(values)).cast(pa.string())


def _table(name: str, columns: dict[str, object]) -> pa.Table:
    schema = TABLES[name].arrow_schema
    rows = len(next(iter(columns.values())))  # type: ignore[arg-type]
    created = pa.array(np.full(rows, int(AS_OF.timestamp() * 1_000_000) - 900 * _DAY), pa.timestamp("us", tz="UTC"))
    given = {"created_at": created, "recorded_at": created, "recorded_at_assumed": pa.array(np.zeros(rows, bool))}
    given.update(columns)
    return pa.table(
        [
            pa.array(given[f.name], f.type)
            if f.name in given and not isinstance(given[f.name], pa.Array)
            else given.get(f.name, pa.nulls(rows, f.type))
            for f in schema
        ],
        schema=schema,
    )
