"""Apply the labels of a project to the rows of its dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import deeplake

from deeplake_labelbox._model.ontology import Ontology
from deeplake_labelbox._model.selection import LabelSelection
from deeplake_labelbox._store.applied_labels import AppliedLabels
from deeplake_labelbox._store.label_writer import LabelWriting
from deeplake_labelbox._store.labelbox_meta import LabelboxMeta
from deeplake_labelbox._store.location import dataset_errors
from deeplake_labelbox._store.project_label_writer import ProjectLabelWriter
from deeplake_labelbox._store.row_index import RowIndex
from deeplake_labelbox._store.selected_rows import SelectedRows
from deeplake_labelbox._store.transaction import uncommitted
from deeplake_labelbox._store.written_files import WrittenFiles
from deeplake_labelbox.errors import DatasetMismatchError


class VideoProjectConverter:
    """Applies the labels of a Labelbox video project to the dataset of its frames.

    `converter_for_video_project_with_id` creates it.

    Args:
        project_id: Id of the project.
        dataset: The dataset, made by `create_dataset_from_video_annotation_project`; any branch.
        export: The project's export.
        ontology: The project's ontology.
        writing: How labels are written.
        label_selection: Which of several labels of a data row to use; see `LabelSelection`.

    Attributes:
        report: What was applied to each video, and what could not be applied.
        layout: The columns of the project.

    Raises:
        GroupMappingError: If the group mapping is invalid.
        DatasetMismatchError: If the dataset was not made from this project.
    """

    def __init__(
        self,
        project_id: str,
        dataset: deeplake.Dataset,
        export: Sequence[Mapping[str, Any]],
        ontology: Ontology,
        writing: LabelWriting,
        label_selection: LabelSelection,
    ) -> None:
        meta = LabelboxMeta.read(dataset)
        if meta.project_id != project_id:
            raise DatasetMismatchError(
                f"The dataset was made from project {meta.project_id!r}, not from {project_id!r}; "
                f"open the dataset of this project, or make it first."
            )
        self._dataset = dataset
        self._meta = meta
        details = writing.metadata.details if writing.metadata is not None else ()
        self._rows = SelectedRows(export, project_id, label_selection, details)
        self._writer = ProjectLabelWriter(dataset, meta, ontology, writing)
        self.report = self._writer.report
        self.layout = self._writer.layout

    def dataset_with_applied_annotations(self) -> deeplake.Dataset:
        """Apply every label to the rows of its data row, and commit.

        Videos without a label keep ``None`` in every column. Labels that cannot be applied are
        logged and added to `report`.

        Returns:
            The dataset, with one more commit.

        Raises:
            LabelError: If ``fail_on_error``, for the first label that cannot be fully applied.
                Nothing is committed.
            MaskError: If ``fail_on_error``, for the first mask that cannot be read.
            OntologyError: If the ontology has none of the annotations. Nothing is committed.
            DatasetError: If Deep Lake cannot write.
        """
        dataset = self._dataset
        with uncommitted(dataset), dataset_errors("writing labels"):
            files = WrittenFiles.of(dataset)
            files.check_room(0)
            before = AppliedLabels.read(dataset)
            index = RowIndex(dataset, self._meta)
            self._writer.write(self._rows, index, files, before).write(dataset)
            files.check_written()
            if self._writer.track_ids is not None:
                self._writer.track_ids.save_next()
            dataset.commit(f"Apply labels of Labelbox project {self._meta.project_name}")
            files.check_written()
        return dataset
