"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from deeplake_labelbox._formats.registry import (
    FORMATS,
    SourceFormat,
    accepted_sources,
    numbered_formats,
)

LABELBOX: Final = "Labelbox"
LABELS: Final = "Labels"
FRAMES: Final = "Frames"
STORAGE: Final = "Storage"
RAY: Final = "Ray"
OUTCOME: Final = "Outcome"
SOURCE: Final = "Source"
# In this order, below the options that belong to one command only.
PANELS: Final = (SOURCE, LABELS, FRAMES, STORAGE, LABELBOX, RAY, OUTCOME)

_SOURCES: Final = accepted_sources()
SOURCES: Final = f"{_SOURCES[0].upper()}{_SOURCES[1:]}."
"""Help of an argument that is a source of annotations."""

_VARIANTS: Final = "; ".join(f"{name}: {f.columns}" for name, f in FORMATS.items() if f.columns)

ApiKey = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        envvar="LABELBOX_API_KEY",
        metavar="KEY",
        rich_help_panel=LABELBOX,
        help="API key of Labelbox. The environment variable keeps it out of the shell history.",
    ),
]
Endpoint = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        envvar="LABELBOX_ENDPOINT",
        metavar="URL",
        rich_help_panel=LABELBOX,
        help="GraphQL URL of another server than Labelbox, such as the sandbox.",
    ),
]
Source = Annotated[
    str,
    typer.Argument(
        metavar="PROJECT_ID_OR_EXPORT",
        help="Id of a Labelbox project, as in its URL, or the path of a saved export (NDJSON or "
        "JSON). With an export and no API key, no request is made to Labelbox.",
    ),
]
Project = Annotated[
    str | None,
    typer.Option(
        "--project",
        metavar="ID",
        rich_help_panel=LABELBOX,
        help="Project to use, if the export holds several.",
    ),
]
Dataset = Annotated[
    str,
    typer.Argument(
        metavar="DATASET",
        help="Path of the dataset: a local folder, s3://, gcs://, az:// or al://.",
    ),
]
Group = Annotated[
    list[str] | None,
    typer.Option(
        "--group",
        metavar="KIND=NAME",
        rich_help_panel=LABELS,
        help="Store all tools or classifications of a kind in one column, like "
        "raster-segmentation=mask. Repeatable.",
    ),
]
_LABEL_CHOICES = (
    "Label to use if a video has several. selected: the winner in Labelbox, or else the newest; "
    "newest: the newest; all: as selected, and each annotator in further columns."
)
LabelChoice = Annotated[
    Literal["selected", "newest", "all"],
    typer.Option(
        "--labels",
        rich_help_panel=LABELS,
        help=_LABEL_CHOICES,
    ),
]
SameLabelChoice = Annotated[
    Literal["selected", "newest", "all"] | None,
    typer.Option(
        "--labels",
        rich_help_panel=LABELS,
        help=_LABEL_CHOICES,
    ),
]
RowDetails = Annotated[
    list[str] | None,
    typer.Option(
        "--row-detail",
        metavar="DETAIL",
        rich_help_panel=LABELS,
        help="Also write workflow_status, metadata or attachments of each data row. Repeatable.",
    ),
]
OntologyFile = Annotated[
    Path | None,
    typer.Option(
        "--ontology",
        metavar="FILE",
        rich_help_panel=LABELS,
        help="JSON file with the normalized form of the ontology, instead of the one in Labelbox.",
    ),
]
VerifyFrames = Annotated[
    bool,
    typer.Option(
        "--verify-frames/--no-verify-frames",
        rich_help_panel=FRAMES,
        help="Decode each video that is stored as a video once, to find damaged frames; or only "
        "copy it, which is faster.",
    ),
]
FailOnError = Annotated[
    bool,
    typer.Option(
        "--fail-on-error",
        rich_help_panel=OUTCOME,
        help="Stop at the first problem, instead of continuing and listing problems at the end.",
    ),
]
ReportFile = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE",
        rich_help_panel=OUTCOME,
        help="Write the outcome of each video to a JSON file.",
    ),
]
AsJson = Annotated[
    bool,
    typer.Option(
        "--json",
        rich_help_panel=OUTCOME,
        help="Print the outcome as JSON, as --report writes it, instead of tables.",
    ),
]
JsonResult = Annotated[
    bool,
    typer.Option(
        "--json", rich_help_panel=OUTCOME, help="Print the result as JSON, instead of text."
    ),
]
Sign = Annotated[
    Literal["s3", "gcs", "azure"] | None,
    typer.Option(
        "--sign",
        rich_help_panel=STORAGE,
        help="Sign URLs of private videos in your buckets, with the credentials that the cloud's "
        "own client finds. URLs of other hosts stay as they are.",
    ),
]
Creds = Annotated[
    list[str] | None,
    typer.Option(
        "--creds",
        metavar="KEY=VALUE",
        rich_help_panel=STORAGE,
        help="Credential of the storage, like aws_access_key_id=.... Repeatable.",
    ),
]
DeepLakeToken = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="ACTIVELOOP_TOKEN",
        metavar="TOKEN",
        rich_help_panel=STORAGE,
        help="Token of Deep Lake's cloud, for al:// paths.",
    ),
]
Videos = Annotated[
    list[str] | None,
    typer.Option(
        "--video",
        metavar="NAME",
        help="Name, data row id or video_idx of a video. Repeatable.",
    ),
]
Annotator = Annotated[
    str | None,
    typer.Option(
        "--annotator",
        metavar="EMAIL",
        help="Use the labels of this annotator, in a dataset that was made with --labels all; by "
        "default the selected labels.",
    ),
]
Classes = Annotated[
    list[str] | None,
    typer.Option(
        "--class",
        metavar="NAME",
        help="Class to compare; by default all that have objects. Repeatable.",
    ),
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        rich_help_panel=STORAGE,
        help="Replace an existing dataset, once the new one is complete.",
    ),
]
OverwriteFile = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace an existing file, once the new one is complete."),
]
Where = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="TQL",
        rich_help_panel=FRAMES,
        help='Only frames that meet a condition, like "contains(weather, 1)".',
    ),
]
ReadBranch = Annotated[
    str | None,
    typer.Option(
        "--branch",
        metavar="NAME",
        rich_help_panel=STORAGE,
        help="Branch of the dataset to read.",
    ),
]
WriteBranch = Annotated[
    str | None,
    typer.Option(
        "--branch",
        metavar="NAME",
        rich_help_panel=STORAGE,
        help="Branch of the dataset to write, instead of main; it is created if it does not exist.",
    ),
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        rich_help_panel=OUTCOME,
        help="Show log messages, and the traceback of an error.",
    ),
]
RayAddress = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="ADDRESS",
        rich_help_panel=RAY,
        help="Prepare videos on a Ray cluster: auto (the one of this machine), local (processes on "
        "this machine), or an address like ray://HOST:10001.",
    ),
]
RayCpus = Annotated[
    int,
    typer.Option(
        "--ray-cpus",
        min=1,
        metavar="N",
        rich_help_panel=RAY,
        help="CPU cores that each video gets on a Ray worker.",
    ),
]
Port = Annotated[
    int,
    typer.Option(
        "--port", min=0, max=65535, metavar="PORT", help="Port on 127.0.0.1; 0 takes a free one."
    ),
]
SourceFormatOption = Annotated[
    SourceFormat | None,
    typer.Option(
        "--format",
        show_default="from its suffix",
        rich_help_panel=SOURCE,
        help=f"Format of the source. {_VARIANTS}.",
    ),
]
FrameStep = Annotated[
    int | None,
    typer.Option(
        "--frame-step",
        min=1,
        metavar="FRAMES",
        rich_help_panel=SOURCE,
        help=f"Number of video frames from one picture of the source to the next, for "
        f"{numbered_formats()}.",
    ),
]
FirstNumber = Annotated[
    int | None,
    typer.Option(
        "--first-number",
        min=0,
        max=1,
        metavar="N",
        rich_help_panel=SOURCE,
        help="Number of the first frame of a video in such a source: 0 or 1.",
    ),
]
NameMapping = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="NAME=CLASS",
        rich_help_panel=SOURCE,
        help="Class or classification to use for a name, or a column, of the source; an empty "
        "CLASS leaves it out. Repeatable.",
    ),
]
DataRows = Annotated[
    list[str] | None,
    typer.Option(
        "--data-row",
        metavar="[VIDEO=]KEY",
        rich_help_panel=SOURCE,
        help="Id, global key or external id of the data row for a video of the source; leave out "
        "VIDEO if there is only one. Repeatable.",
    ),
]
