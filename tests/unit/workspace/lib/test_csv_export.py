"""CSV that a spreadsheet shows and does not run."""

from __future__ import annotations

from rapport.workspace.lib.csv_export import csv_lines, escaped


class TestCells:
    def test_that_would_be_formulas_are_text(self) -> None:
        assert [escaped(c) for c in ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1")] == [
            "'=1+1", "'+cmd|' /C calc'!A0", "'-2+3", "'@SUM(A1)", "'\t=1",
        ]  # fmt: skip

    def test_that_are_numbers_stay_numbers(self) -> None:
        assert [escaped(c) for c in (-5, "+4.2", "Ann", None)] == ["-5", "+4.2", "Ann", ""]


class TestLines:
    def test_start_with_the_header_and_quote_what_needs_it(self) -> None:
        assert list(csv_lines(["Name", "Note"], [["Ann", 'a "b", c']])) == [
            "\ufeffName,Note\r\n",
            'Ann,"a ""b"", c"\r\n',
        ]
