"""Reading files of every form, good and bad."""

from __future__ import annotations

import codecs
import gzip
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rapport.workspace.crm.intake.reading import csv_file
from rapport.workspace.crm.intake.reading.files import open_file
from rapport.workspace.crm.intake.reading.rows import UnreadableFileError
from rapport.workspace.crm.intake.reading.text import guessed_encoding

File = Callable[..., Path]


def cells(path: Path, **how: str) -> list[list[object]]:
    opened = open_file(path, how=how)
    return [list(opened.header), *(list(line.cells) for line in opened.lines())]


def problems(path: Path) -> list[tuple[int, str]]:
    return [(line.number, line.problem) for line in open_file(path).lines() if line.problem]


class TestCsv:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_is_split_by_whichever_delimiter_it_has(self, file: File, delimiter: str) -> None:
        path = file("a.csv", *(delimiter.join(row) for row in (["Name", "City"], ["Ann, Lee", "Ulm"], ["Bo", "Bonn"])))
        if delimiter == ",":
            path = file("a.csv", "Name,City", '"Ann, Lee",Ulm', "Bo,Bonn")
        assert cells(path) == [["Name", "City"], ["Ann, Lee", "Ulm"], ["Bo", "Bonn"]]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
    def test_is_read_in_whichever_encoding_it_has(self, file: File, encoding: str) -> None:
        lines = ["Name,City", *("Müller,Köln am Rhein", "Françoise,Besançon", "José,Málaga") * 20]
        assert cells(file("a.csv", *lines, encoding=encoding))[1:4] == [
            ["Müller", "Köln am Rhein"],
            ["Françoise", "Besançon"],
            ["José", "Málaga"],
        ]

    @pytest.mark.parametrize(
        ("encoding", "name"), [("cp1251", "Иванов Пётр"), ("shift_jis", "山田太郎さん"), ("gb18030", "王小明先生")]
    )
    def test_of_other_scripts_is_read(self, file: File, encoding: str, name: str) -> None:
        assert cells(file("a.csv", "Name,City", *([f"{name},{name}"] * 30), encoding=encoding))[1] == [name, name]

    def test_of_utf_16_with_the_mark_of_the_other_byte_order_is_read(self, file: File) -> None:
        data = codecs.BOM_UTF16_BE + "Name\nÅsa\n".encode("utf-16-be")
        assert cells(file("a.csv", data=data)) == [["Name"], ["Åsa"]]

    def test_keeps_line_breaks_within_quotes(self, file: File) -> None:
        assert cells(file("a.csv", "Name,Note", 'Ann,"one\ntwo, ""three"""'))[1] == ["Ann", 'one\ntwo, "three"']

    def test_with_windows_line_ends_and_blank_lines_and_a_sep_line_is_read(self, file: File) -> None:
        assert cells(file("a.csv", data=b"sep=;\r\nName;City\r\n\r\nAnn;Ulm\r\n")) == [["Name", "City"], ["Ann", "Ulm"]]

    def test_packed_with_gzip_is_read(self, file: File) -> None:
        assert cells(file("a.csv.gz", data=gzip.compress(b"Name\nAnn\n"))) == [["Name"], ["Ann"]]

    @pytest.mark.parametrize("data", [b"", b"\n", b"\r\n\r\n", codecs.BOM_UTF8])
    def test_that_is_empty_is_refused(self, file: File, data: bytes) -> None:
        with pytest.raises(UnreadableFileError, match="the file is empty"):
            open_file(file("a.csv", data=data))

    def test_with_a_header_only_has_no_rows(self, file: File) -> None:
        assert cells(file("a.csv", "Name,City")) == [["Name", "City"]]

    def test_names_columns_without_a_name_and_with_one_twice(self, file: File) -> None:
        assert open_file(file("a.csv", "Name,,Name, ", "1,2,3,4")).header == (
            "Name",
            "Column 2",
            "Name (2)",
            "Column 4",
        )

    def test_tells_the_rows_whose_width_is_not_that_of_the_header(self, file: File) -> None:
        path = file("a.csv", "Name,City,Country", "Ann,Ulm,DE", "Grand Totals", "Bo,Bonn,DE,extra")
        assert [number for number, _ in problems(path)] == [3, 4]
        assert "the row has 1 cells, the header 3" in problems(path)[0][1]

    def test_refuses_a_cell_of_more_than_a_million_characters_and_takes_the_others(self, file: File) -> None:
        path = file("a.csv", "Name,Note", "Ann,ok", f"Bo,{'x' * 1_000_001}", f"Cy,{'y' * 1_000_000}")
        assert problems(path) == [(3, "a cell has 1,000,001 characters, at most 1,000,000 are taken")]

    def test_stops_at_a_quote_that_is_never_closed(self, file: File, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(csv_file, "FIELD_LIMIT", 1000)
        path = file("a.csv", "Name,Note", 'Ann,"open', *("x" * 50 for _ in range(100)))
        with pytest.raises(UnreadableFileError, match="a quote that is never closed"):
            problems(path)

    def test_refuses_rows_with_bytes_that_are_not_of_the_chosen_encoding(self, file: File) -> None:
        path = file("a.csv", data=b"Name\nAnn\nM\xfcller\n")
        opened = open_file(path, how={"encoding": "utf-8"})
        assert [(line.number, bool(line.problem)) for line in opened.lines()] == [(2, False), (3, True)]

    def test_with_an_unknown_encoding_is_refused(self, file: File) -> None:
        with pytest.raises(UnreadableFileError, match="cannot be read as text"):
            open_file(file("a.csv", "Name"), how={"encoding": "klingon"})

    def test_is_not_utf8_where_only_the_last_of_many_lines_is_not(self, file: File) -> None:
        data = b"Name,City\n" + b"Ann,Ulm\n" * 60_000 + "Jürgen Müller,Köln\n".encode("cp1252") * 30
        path = file("a.csv", data=data)
        assert guessed_encoding(path) != "utf-8"
        assert cells(path)[-1] == ["Jürgen Müller", "Köln"]

    def test_with_too_many_columns_is_refused(self, file: File) -> None:
        with pytest.raises(UnreadableFileError, match="2,001 columns"):
            open_file(file("a.csv", ",".join(f"c{n}" for n in range(2001))))


class TestExcel:
    def book(self, path: Path, *rows: list[object]) -> Path:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)  # type: ignore[union-attr]
        book.create_sheet("Other").append(["Only"])
        book.save(path)
        return path

    def test_keeps_numbers_and_instants_and_pads_short_rows(self, tmp_path: Path) -> None:
        at = datetime(2024, 3, 12, 9, 14)  # noqa: DTZ001
        path = self.book(tmp_path / "a.xlsx", ["Name", "Amount", "At"], ["Ann", 12.5, at], ["Bo"])
        assert cells(path) == [["Name", "Amount", "At"], ["Ann", 12.5, at], ["Bo", None, None]]

    def test_takes_the_named_sheet(self, tmp_path: Path) -> None:
        path = self.book(tmp_path / "a.xlsx", ["Name"])
        assert cells(path, sheet="Other") == [["Only"]]
        with pytest.raises(UnreadableFileError, match="no such sheet"):
            cells(path, sheet="Nope")

    def test_that_unpacks_to_far_more_than_it_is_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "bomb.xlsx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/worksheets/sheet1.xml", b"<a>" + b" " * 80_000_000)
        with pytest.raises(UnreadableFileError, match="the workbook unpacks to 80,000,003 bytes"):
            open_file(path)

    def test_that_is_another_archive_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "a.xlsx"
        path.write_bytes(b"PK\x03\x04 and then nothing")
        with pytest.raises(UnreadableFileError, match="no Excel workbook"):
            open_file(path)

    def test_of_the_old_kind_is_refused(self, file: File) -> None:
        with pytest.raises(UnreadableFileError, match=r"Save it as .xlsx"):
            open_file(file("a.xls", data=b"\xd0\xcf\x11\xe0 old"))


class TestJsonLines:
    def test_takes_names_from_the_whole_file_and_flattens(self, file: File) -> None:
        path = file("a.jsonl", '{"name": "Ann", "address": {"city": "Ulm"}}', '{"name": "Bo", "age": 5, "tags": ["a"]}')
        assert cells(path) == [
            ["name", "address.city", "age", "tags"],
            ["Ann", "Ulm", None, None],
            ["Bo", None, 5, '["a"]'],
        ]

    def test_tells_the_lines_that_are_no_object(self, file: File) -> None:
        path = file("a.jsonl", '{"name": "Ann"}', "{broken", '"text"')
        assert [number for number, _ in problems(path)] == [2, 3]

    def test_packed_with_gzip_is_read(self, file: File) -> None:
        path = file("a.jsonl.gz", data=gzip.compress(json.dumps({"name": "Ann"}).encode()))
        assert cells(path) == [["name"], ["Ann"]]

    def test_of_another_kind_of_json_is_refused(self, file: File) -> None:
        with pytest.raises(UnreadableFileError, match="one object on each line"):
            open_file(file("a.json", '[{"name": "Ann"}]'))


class TestParquet:
    def test_keeps_its_types(self, tmp_path: Path) -> None:
        pq.write_table(pa.table({"name": ["Ann", None], "amount": [1.5, 2.0]}), tmp_path / "a.parquet")
        assert cells(tmp_path / "a.parquet") == [["name", "amount"], ["Ann", 1.5], [None, 2.0]]

    def test_that_is_cut_short_is_refused(self, file: File) -> None:
        with pytest.raises(UnreadableFileError, match="no Parquet file"):
            open_file(file("a.parquet", data=b"PAR1 and no more"))
