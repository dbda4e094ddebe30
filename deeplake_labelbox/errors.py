"""The errors that this package raises.

Every failure that a caller can meet is one of these. Errors of the Labelbox SDK, Deep Lake, FFmpeg
and HTTP are mapped to them, with the original as ``__cause__``.

    DeepLakeLabelboxError
    ├── ConfigurationError          an argument that cannot be used (also a ValueError)
    │   └── GroupMappingError       a group mapping names an unknown kind
    ├── LabelboxError               a request to Labelbox failed
    │   ├── AuthenticationError     the API key is missing or refused
    │   ├── ProjectNotFoundError    no such project for this key
    │   ├── LabelboxUnavailableError  network, 5xx or rate limit, after retries
    │   ├── UploadError             Labelbox does not accept videos
    │   ├── ExportError             an export task failed
    │   │   ├── ExportFailedError
    │   │   ├── ExportCanceledError
    │   │   ├── ExportTimeoutError
    │   │   └── ExportEmptyError    no data row of the project passes the filters
    │   └── AnnotationImportError   an import of annotations was not completed
    │       ├── ImportTimeoutError
    │       └── AlreadyLabeledError  data rows have labels or pre-labels already
    ├── AnnotationSourceError       annotations of a source cannot be read
    ├── ExportFormatError           a file or list that is not a Labelbox video export
    │   └── MediaTypeError          an export of another media type than video
    ├── OntologyError               the ontology does not fit the export
    ├── VideoError                  a video could not be fetched or decoded
    │   ├── VideoNotFoundError      no such file or URL
    │   ├── VideoForbiddenError     the URL refuses access (401, 403, expired)
    │   ├── VideoUnreachableError   the network failed, after retries
    │   ├── VideoDecodeError        not a video, damaged or truncated
    │   └── WorkerLostError         its workers died at every attempt
    ├── ClusterError                a Ray cluster cannot be reached, or cannot run the job
    ├── MaskError                   a mask could not be read or does not fit its frame
    ├── LabelError                  a label that cannot be put on a frame
    └── DatasetError                the Deep Lake dataset cannot be used
        ├── DatasetExistsError      something else is at the path already
        ├── DatasetNotFoundError    there is no dataset at the path
        ├── DatasetMismatchError    the dataset was not made from this project
        └── DatasetBusyError        another process is changing the dataset
"""

from __future__ import annotations


class DeepLakeLabelboxError(Exception):
    """Base of all errors of this package."""


class ConfigurationError(DeepLakeLabelboxError, ValueError):
    """An argument that cannot be used; the message names it and what is allowed."""


class GroupMappingError(ConfigurationError):
    """A group mapping names a kind that Labelbox video ontologies do not have."""


class LabelboxError(DeepLakeLabelboxError):
    """A request to Labelbox failed."""


class AuthenticationError(LabelboxError):
    """The API key is missing, or Labelbox refuses it."""


class ProjectNotFoundError(LabelboxError):
    """The project does not exist, or the API key may not see it."""


class LabelboxUnavailableError(LabelboxError):
    """Labelbox could not be reached, or kept failing, after the retries."""


class UploadError(LabelboxError):
    """Labelbox does not accept videos, by the check before the upload or afterwards."""


class ExportError(LabelboxError):
    """An export task of a project failed."""


class ExportFailedError(ExportError):
    """Labelbox reports that the export task failed."""


class ExportCanceledError(ExportError):
    """The export task was canceled in Labelbox."""


class ExportTimeoutError(ExportError):
    """The export task was still running when the time-out passed."""


class ExportEmptyError(ExportError):
    """The export has no data rows."""


class AnnotationImportError(LabelboxError):
    """An import of annotations into Labelbox was not completed."""


class ImportTimeoutError(AnnotationImportError):
    """The import was still running when the time-out passed."""


class AlreadyLabeledError(AnnotationImportError):
    """Data rows have labels or pre-labels already, and an import would overwrite them."""


class AnnotationSourceError(DeepLakeLabelboxError):
    """Annotations to import, evaluate or compare cannot be read."""


class ExportFormatError(DeepLakeLabelboxError):
    """A file or list is not an export of a Labelbox video project."""


class MediaTypeError(ExportFormatError):
    """The project or export is of another media type than video."""


class OntologyError(DeepLakeLabelboxError):
    """The ontology does not fit the export, or cannot be laid out as columns."""


class VideoError(DeepLakeLabelboxError):
    """A video could not be fetched or decoded."""


class VideoNotFoundError(VideoError):
    """There is no video at the path or URL."""


class VideoForbiddenError(VideoError):
    """The URL refuses access: a missing or expired signature, or missing rights."""


class VideoUnreachableError(VideoError):
    """The network failed while a video was fetched, after the retries."""


class VideoDecodeError(VideoError):
    """The file is not a video, or is damaged or truncated.

    Attributes:
        frames_decoded: Number of frames that were decoded before the damage.
        missing: First and last 1-based number of each run of frames that could not be decoded,
            if the file declares its number of frames.
    """

    def __init__(
        self, message: str, *, frames_decoded: int = 0, missing: tuple[tuple[int, int], ...] = ()
    ) -> None:
        super().__init__(message)
        self.frames_decoded = frames_decoded
        self.missing = missing


class WorkerLostError(VideoError):
    """The workers of a cluster that prepared a video died at every attempt."""


class ClusterError(DeepLakeLabelboxError):
    """A Ray cluster cannot be reached, or its workers cannot run the job."""


class MaskError(DeepLakeLabelboxError):
    """A segmentation mask could not be read, or does not fit its frame."""


class LabelError(DeepLakeLabelboxError):
    """A label cannot be put on a frame: the frame was not decoded, or its kind is unknown."""


class DatasetError(DeepLakeLabelboxError):
    """A Deep Lake dataset cannot be used."""


class DatasetExistsError(DatasetError):
    """Something else is at the dataset path already, and ``overwrite`` is not set.

    Attributes:
        is_same_build: Whether it is a complete dataset of the same project with the same options.
    """

    def __init__(self, message: str, *, is_same_build: bool = False) -> None:
        super().__init__(message)
        self.is_same_build = is_same_build


class DatasetNotFoundError(DatasetError):
    """There is no Deep Lake dataset at the path."""


class DatasetMismatchError(DatasetError):
    """The dataset was not made from this project, or its rows cannot be identified."""


class DatasetBusyError(DatasetError):
    """Another process is changing the dataset at the same time."""
