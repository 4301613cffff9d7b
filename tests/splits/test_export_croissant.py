"""Splits exported as Croissant documents: the table beside them, and what the specification asks for."""

import csv
import hashlib
import json

import numpy as np
import pytest

import h5torch
import splits
from h5torch.errors import RegisterError, StorageError
from splits.interchange import export, import_
from splits.interchange.described import read_document

N_ROWS = 30


@pytest.fixture
def f(tmp_path):
    with h5torch.File(tmp_path / "my cells.h5t", "w") as file:
        file.register(np.zeros((N_ROWS, 2)), "central")
        file.register(np.array([f"sample {i}" for i in range(N_ROWS)]), 0, name="id")
        parts = {"Train": 0.5, "dev": 0.2, "test": 0.2, "other": 0.05}
        splits.create(file, "main", splits.Random(parts=parts, seed=0))
        splits.create(file, "nested", splits.Random(folds=splits.Nested(2, 2), seed=0))
        yield file


def exported(f, path, name="main", **options):
    return json.loads(export(f, name, path, **options).read_text("utf-8"))


def test_the_document_is_a_dataset_of_croissant_1_0(f, tmp_path):
    told = exported(f, tmp_path / "split.json")

    assert told["@type"] == "sc:Dataset"
    assert told["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert told["@context"]["cr"] == "http://mlcommons.org/croissant/"
    assert told["@context"]["dataType"] == {"@id": "cr:dataType", "@type": "@vocab"}
    assert told["name"] == "my cells-main"
    assert splits.load(f, "main").provenance.fingerprint in told["description"]


def test_the_parts_are_a_record_set_of_type_split_with_what_they_are_for(f, tmp_path):
    parts, _ = exported(f, tmp_path / "split.json")["recordSet"]

    assert parts["dataType"] == "cr:Split"
    assert parts["key"] == {"@id": "splits/name"}
    assert {field["@id"] for field in parts["field"]} == set(parts["data"][0])
    assert {own["splits/name"]: own["splits/url"] for own in parts["data"]} == {
        "Train": "cr:TrainingSplit",
        "dev": "cr:ValidationSplit",
        "test": "cr:TestSplit",
        "other": "cr:Split",
    }


def test_every_row_refers_to_a_part_and_every_id_is_unique(f, tmp_path):
    told = exported(f, tmp_path / "a split.json", "nested", ids="0/id")
    parts, rows = told["recordSet"]
    fields = [*parts["field"], *rows["field"]]
    ids = [own["@id"] for own in (*told["distribution"], parts, rows, *fields)]
    columns = [field["source"]["extract"]["column"] for field in rows["field"]]

    assert len(set(ids)) == len(ids)
    assert not any(" " in name for name in ids)
    assert columns == ["0/id", "0", "0/0", "0/1", "1", "1/0", "1/1"]
    assert rows["key"] == {"@id": rows["field"][0]["@id"]}
    assert all(field["references"] == {"field": {"@id": "splits/name"}} for field in rows["field"][1:])


def test_the_file_is_the_table_beside_the_document(f, tmp_path):
    (file,) = exported(f, tmp_path / "split.jsonld", ids="0/id")["distribution"]
    content = (tmp_path / "split.csv").read_bytes()

    assert file["contentUrl"] == file["name"] == "split.csv"
    assert file["contentSize"] == f"{len(content)} B"
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert next(csv.reader(content.decode().splitlines())) == ["0/id", "part"]


def test_further_properties_go_into_the_document_and_ours_stay(f, tmp_path):
    about = {"name": "Cells", "license": "https://spdx.org/licenses/MIT", "datePublished": "2024-03-01"}
    told = exported(f, tmp_path / "split.json", about=about)

    assert {key: told[key] for key in about} == about
    with pytest.raises(splits.SplitError, match="about= cannot set 'recordSet', which export writes itself"):
        export(f, "main", tmp_path / "b.json", about={"recordSet": []})
    with pytest.raises(splits.SplitError, match="is no JSON"):
        export(f, "main", tmp_path / "b.json", about={"license": object()})


def test_a_table_that_is_in_the_way_is_not_replaced_unasked(f, tmp_path):
    (tmp_path / "cells.csv").write_text("mine")
    before = sorted(tmp_path.iterdir())

    with pytest.raises(RegisterError, match="cells.csv: exists"):
        export(f, "main", tmp_path / "cells.json")
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "cells.csv").read_text() == "mine"


def test_a_table_that_was_changed_or_is_not_there_is_refused(f, tmp_path):
    path = export(f, "main", tmp_path / "split.json")
    table = tmp_path / "split.csv"
    table.write_text(table.read_text().replace("Train", "other", 1))

    with pytest.raises(
        splits.SplitError, match="has SHA-256 .*, the document beside it says .*; it was changed"
    ):
        import_(f, "back", path)
    table.unlink()
    with pytest.raises(
        StorageError, match="split.csv: no such file, though the document beside it tells of it"
    ):
        import_(f, "back", path)


def test_rows_named_by_ids_are_imported_by_these_ids_alone(f, tmp_path):
    path = export(f, "main", tmp_path / "split.json", ids="0/id")

    with pytest.raises(splits.SplitError, match="names rows by its column '0/id', not by 'row'; give ids="):
        import_(f, "back", path)
    assert np.array_equal(import_(f, "back", path, ids="0/id").codes, splits.load(f, "main").codes)


@pytest.mark.parametrize(
    "url", ["../split.csv", "/etc/passwd", "https://x.org/split.csv", "a\\b.csv", "..", ""]
)
def test_a_document_leads_to_no_other_folder(url, f, tmp_path):
    path = export(f, "main", tmp_path / "split.json")
    told = json.loads(path.read_text())
    told["distribution"][0]["contentUrl"] = url
    path.write_text(json.dumps(told))

    with pytest.raises(splits.SplitError, match="does not lie beside it"):
        import_(f, "back", path)


def test_a_document_of_other_bytes_or_sizes_is_refused(f, tmp_path):
    (tmp_path / "latin.json").write_bytes(b'{"name": "\xe9"}')
    (tmp_path / "long.json").write_bytes(b" " * ((1 << 24) + 1))

    with pytest.raises(splits.SplitError, match="latin.json: is no UTF-8 text .* at byte 10"):
        import_(f, "main", tmp_path / "latin.json")
    with pytest.raises(
        splits.SplitError, match="has 16,777,217 bytes, a Croissant document at most 16,777,216"
    ):
        import_(f, "main", tmp_path / "long.json")


REFERRED = (
    '{"recordSet": [{"dataType": "cr:Split", "field": {"@id": "a"}, "data": [{"a": 1}]}, {"field": %s}]}'
)
COLUMN = '{"references": {"@id": "a"}, "source": {"extract": {"column": "%s"}}}'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "is no Croissant document with a record set of cr:Split"),
        ('{"recordSet": [1, {"dataType": "cr:Split", "field": {"@id": "a"}}]}', "is no Croissant document"),
        (REFERRED % '{"references": {"@id": "a"}}', "the field None is no column of a table"),
        (
            REFERRED % f"[{COLUMN % 'x'}, {COLUMN % 'y'}]",
            "has 2 fields that refer to cr:Split, which are no folds",
        ),
        (REFERRED % (COLUMN % "x"), "names no file None in its distribution"),
    ],
)
def test_what_is_no_document_of_a_split_is_refused(text, told):
    with pytest.raises(splits.SplitError, match=f"x.json: .*{told}"):
        read_document(text, what="x.json")
