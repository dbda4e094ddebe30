"""The errors that this package raises.

Every failure that a caller can meet is one of these; errors of the Labelbox SDK, of Deep Lake, of
FFmpeg and of HTTP are mapped into them at the edges, with the original as ``__cause__``.

    DeepLakeLabelboxError
    ├── ConfigurationError          an argument that cannot be used (also a ValueError)
    │   └── GroupMappingError       a group mapping names an unknown kind
    ├── LabelboxError               Labelbox was asked and did not give
    │   ├── AuthenticationError     the API key is missing or refused
    │   ├── ProjectNotFoundError    no such project for this key
    │   ├── LabelboxUnavailableError  network, 5xx or rate limit, after retries
    │   ├── UploadError             videos that Labelbox does not take
    │   ├── ExportError             the export task did not deliver
    │   │   ├── ExportFailedError
    │   │   ├── ExportCanceledError
    │   │   ├── ExportTimeoutError
    │   │   └── ExportEmptyError    the project, or what the filters left of it, has no data rows
    │   └── AnnotationImportError   an import of annotations did not come to its end
    │       ├── ImportTimeoutError
    │       └── AlreadyLabeledError  data rows have labels or pre-labels already
    ├── AnnotationSourceError       annotations to import that cannot be read
    ├── ExportFormatError           a file or list that is no Labelbox video export
    │   └── MediaTypeError          an export of another media type than video
    ├── OntologyError               the ontology does not fit the export
    ├── VideoError                  a video could not be had
    │   ├── VideoNotFoundError      no such file or URL
    │   ├── VideoForbiddenError     the URL refuses us (401, 403, expired)
    │   ├── VideoUnreachableError   the network failed, after retries
    │   ├── VideoDecodeError        not a video, damaged or truncated
    │   └── WorkerLostError         the workers that prepared it died, again and again
    ├── ClusterError                a Ray cluster cannot be reached, or cannot run the job
    ├── MaskError                   a mask could not be had or does not fit its frame
    ├── LabelError                  a label that cannot be put on a frame
    └── DatasetError                the Deep Lake dataset cannot be used
        ├── DatasetExistsError      something is at the path already
        ├── DatasetNotFoundError    nothing is at the path
        ├── DatasetMismatchError    the dataset was not made from this project
        └── DatasetBusyError        somebody else is changing the dataset
"""

from __future__ import annotations


class DeepLakeLabelboxError(Exception):
    """Base of all errors of this package."""


class ConfigurationError(DeepLakeLabelboxError, ValueError):
    """An argument that cannot be used; the message names it and what is allowed."""


class GroupMappingError(ConfigurationError):
    """A group mapping names a kind that Labelbox video ontologies do not have."""


class LabelboxError(DeepLakeLabelboxError):
    """Labelbox was asked for something and did not give it."""


class AuthenticationError(LabelboxError):
    """The API key is missing, or Labelbox refuses it."""


class ProjectNotFoundError(LabelboxError):
    """The project does not exist, or the API key may not see it."""


class LabelboxUnavailableError(LabelboxError):
    """Labelbox could not be reached, or kept failing, after the retries."""


class UploadError(LabelboxError):
    """Labelbox does not take videos: before the upload, by the look at them, or after it."""


class ExportError(LabelboxError):
    """The export task of a project did not deliver."""


class ExportFailedError(ExportError):
    """Labelbox reports that the export task failed."""


class ExportCanceledError(ExportError):
    """The export task was canceled in Labelbox."""


class ExportTimeoutError(ExportError):
    """The export task was still running when the time-out passed."""


class ExportEmptyError(ExportError):
    """The export holds no data row."""


class AnnotationImportError(LabelboxError):
    """An import of annotations into Labelbox did not come to its end."""


class ImportTimeoutError(AnnotationImportError):
    """The import was still running when the time-out passed."""


class AlreadyLabeledError(AnnotationImportError):
    """Data rows have labels or pre-labels already, and an import would overwrite them."""


class AnnotationSourceError(DeepLakeLabelboxError):
    """Annotations that are to be imported cannot be read."""


class ExportFormatError(DeepLakeLabelboxError):
    """A file or list is not an export of a Labelbox video project."""


class MediaTypeError(ExportFormatError):
    """The project or export is of another media type than video."""


class OntologyError(DeepLakeLabelboxError):
    """The ontology does not fit the export, or cannot be laid out as columns."""


class VideoError(DeepLakeLabelboxError):
    """A video could not be had."""


class VideoNotFoundError(VideoError):
    """There is no video at the path or URL."""


class VideoForbiddenError(VideoError):
    """The URL refuses access: a missing or expired signature, or missing rights."""


class VideoUnreachableError(VideoError):
    """The network failed while a video was fetched, after the retries."""


class VideoDecodeError(VideoError):
    """The file is not a video, or is damaged or truncated.

    Attributes:
        frames_decoded: How many frames, from the first, were decoded whole before the damage.
        missing: First and last 1-based number of each run of frames that could not be decoded,
            where the file tells how many frames it has.
    """

    def __init__(
        self, message: str, *, frames_decoded: int = 0, missing: tuple[tuple[int, int], ...] = ()
    ) -> None:
        super().__init__(message)
        self.frames_decoded = frames_decoded
        self.missing = missing


class WorkerLostError(VideoError):
    """The workers of a cluster that prepared a video died, each time that it was tried."""


class ClusterError(DeepLakeLabelboxError):
    """A Ray cluster cannot be reached, or its workers cannot run the job."""


class MaskError(DeepLakeLabelboxError):
    """A segmentation mask could not be had, or does not fit its frame."""


class LabelError(DeepLakeLabelboxError):
    """A label cannot be put on a frame: the frame was not decoded, or its kind is unknown."""


class DatasetError(DeepLakeLabelboxError):
    """A Deep Lake dataset cannot be used."""


class DatasetExistsError(DatasetError):
    """Something is at the dataset path already, and ``overwrite`` is not set.

    Attributes:
        is_same_build: Whether it is what the call would make: a dataset of the same project and
            with the same options, and with the frames of all videos.
    """

    def __init__(self, message: str, *, is_same_build: bool = False) -> None:
        super().__init__(message)
        self.is_same_build = is_same_build


class DatasetNotFoundError(DatasetError):
    """There is no Deep Lake dataset at the path."""


class DatasetMismatchError(DatasetError):
    """The dataset was not made from this project, or its rows cannot be identified."""


class DatasetBusyError(DatasetError):
    """Somebody else is changing the dataset, and would have their changes mixed with these."""
