"""Every table and column of the CRM, declared once.

From here come the lake schema, the checks on the workspace's models, import mapping, validation
and the generated page `docs/reference/tables.md`.
"""

from rapport.engine.crm.tables.columns import Change, Column, Type
from rapport.engine.crm.tables.company import COMPANY
from rapport.engine.crm.tables.marketing import MARKETING
from rapport.engine.crm.tables.people import PEOPLE
from rapport.engine.crm.tables.sales import SALES
from rapport.engine.crm.tables.service import SERVICE
from rapport.engine.crm.tables.table import COMMON, Kind, Table

TABLES: dict[str, Table] = {table.name: table for table in (*PEOPLE, *MARKETING, *SALES, *SERVICE, *COMPANY)}
BY_ENTITY: dict[str, Table] = {table.entity: table for table in TABLES.values()}

__all__ = ["BY_ENTITY", "COMMON", "TABLES", "Change", "Column", "Kind", "Table", "Type"]
