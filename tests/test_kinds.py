"""Every kind of annotation has its row in the table of each room."""

import re
from importlib.resources import files
from typing import get_args

import pytest

from deeplake_labelbox._formats.coco.writer import ANNOTATIONS
from deeplake_labelbox._formats.cvat.tracks import KINDS as CVAT_KINDS
from deeplake_labelbox._imports.payload import SENDERS
from deeplake_labelbox._model.annotations import AnswerKind, ToolKind
from deeplake_labelbox._model.kinds import CLASSIFICATIONS, GEOMETRIES
from deeplake_labelbox._pictures.painters import PAINTERS
from deeplake_labelbox._store.column_types import ANSWER_COLUMNS, COLUMN_TYPES, ColumnKind

PAGE = (files("deeplake_labelbox._pictures") / "page_files" / "drawing.js").read_text("utf-8")
PAGE_KINDS = re.search(r"const KINDS = \{\n(.*?)\n\};", PAGE, re.DOTALL)[1]
DETECTED = {name for name, kind in GEOMETRIES.items() if kind.detected_as}


@pytest.mark.parametrize(
    ("table", "kinds"),
    [
        (get_args(ToolKind), set(GEOMETRIES)),
        (PAINTERS, set(GEOMETRIES)),
        (re.findall(r'^  "([a-z-]+)":', PAGE_KINDS, re.MULTILINE), set(GEOMETRIES)),
        (SENDERS, set(GEOMETRIES)),
        (CVAT_KINDS.values(), set(GEOMETRIES)),
        (ANNOTATIONS, DETECTED),
        (COLUMN_TYPES, set(get_args(ColumnKind))),
        (get_args(AnswerKind), set(CLASSIFICATIONS)),
        (ANSWER_COLUMNS, set(CLASSIFICATIONS)),
    ],
    ids=[
        "geometry names",
        "painters",
        "page",
        "imports",
        "cvat",
        "coco",
        "columns",
        "classification names",
        "answer columns",
    ],
)
def test_a_table_has_every_kind(table, kinds):
    assert set(table) == kinds


def test_imports_send_every_kind_to_tools_that_take_it():
    for kind in GEOMETRIES.values():
        assert GEOMETRIES[kind.sent_as].sent_as == kind.sent_as
