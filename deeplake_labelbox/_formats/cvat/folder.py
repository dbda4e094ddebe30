"""Read a folder of CVAT files, one for each task, as `CvatWriter` writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from deeplake_labelbox._formats.annotations import AnnotationSource, KindOf, VideoAnnotations
from deeplake_labelbox._formats.cvat.reader import CvatSource
from deeplake_labelbox._formats.registry import FORMATS
from deeplake_labelbox._formats.sources import ReadOptions
from deeplake_labelbox._model.annotations import AnswerKind
from deeplake_labelbox.errors import AnnotationSourceError


def open_cvat(path: str, options: ReadOptions) -> AnnotationSource:
    """Open a file or a folder of files; see `Read`."""
    return CvatFolder(path, options) if Path(path).is_dir() else CvatSource(path, options)


class CvatFolder:
    """The files ``annotations.xml`` of a folder; some may have no track.

    They are in the folder itself, in a folder for each video, or in such folders for each split.

    Args:
        path: The folder.
        options: Options for reading.

    Raises:
        AnnotationSourceError: If there are none, one of them cannot be read, or none has a track.
    """

    def __init__(self, path: str | Path, options: ReadOptions) -> None:
        files = sorted(f for at in FORMATS["cvat"].patterns for f in Path(path).glob(at))
        self._sources = [CvatSource(file, options, may_be_empty=True) for file in files]
        if not len(self):
            raise AnnotationSourceError(
                f"{path} has no annotations.xml of CVAT with a <track>, neither directly nor in "
                f"folders of videos or splits; pass the file or folder that has it."
            )
        options.check_one_video(path, len(self))

    def __len__(self) -> int:
        return sum(map(len, self._sources))

    @property
    def names(self) -> frozenset[str]:
        """The labels that the files declare."""
        return frozenset().union(*(source.names for source in self._sources))

    @property
    def questions(self) -> Mapping[str, tuple[AnswerKind, tuple[str, ...]]]:
        """Kind and options of each attribute, by name."""
        return {
            name: question
            for source in self._sources
            for name, question in source.questions.items()
        }

    def videos(self, kind_of: KindOf) -> Iterator[VideoAnnotations]:
        """Yield the annotations of each video, file by file."""
        for source in self._sources:
            yield from source.videos(kind_of)
