"""Customer equity in a notebook."""

from __future__ import annotations

import pytest

import rapport
from crm_rows import arrow, at
from rapport.engine.errors import DefinitionError
from shoppers import DAY, order, person

START = at(2024, 1, 1)
CLV = "{name: clv, subject: contact, kind: lifetime, model: mbg_nbd, measure: value}"


def test_it_is_the_sum_of_the_scores() -> None:
    orders = [order(f"c{n}", START + (7 * n + 20 * k) * DAY, 10 + n) for n in range(9) for k in range(1 + n % 3)]
    tables = {
        "contacts": arrow("contacts", [person(f"c{n}", START) for n in range(9)]),
        "orders": arrow("orders", orders),
    }
    with rapport.open_crm(tables, currency="SEK") as crm:
        equity, values = crm.customer_equity(CLV), crm.score(CLV).to_pandas().value
        assert equity.total.value == pytest.approx(float(values.sum()), abs=1e-4)
        assert (equity.total.customers, equity.currency, equity.horizon_days) == (9, "SEK", 365)
        with pytest.raises(DefinitionError, match="needs a score of lifetime"):
            crm.customer_equity("{name: rfm, subject: contact, kind: rfm}")
