"""Find the Labelbox dataset and project of an upload by name or id, or create them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from deeplake_labelbox._labelbox.client import labelbox_errors
from deeplake_labelbox.errors import ConfigurationError, LabelboxError, MediaTypeError

if TYPE_CHECKING:
    import labelbox

logger = logging.getLogger(__name__)


def find_dataset(
    client: labelbox.Client, name: str, dataset_id: str | None
) -> labelbox.Dataset | None:
    """Find the dataset by id or name; None if no dataset has the name.

    Raises:
        LabelboxError: Several datasets have the name, or none has the id.
    """
    import labelbox  # noqa: PLC0415 - the SDK is slow to import and not needed offline

    with labelbox_errors(f"looking for the Labelbox dataset {dataset_id or name}"):
        if dataset_id is not None:
            return client.get_dataset(dataset_id)
        found = list(client.get_datasets(where=labelbox.Dataset.name == name))
    return _only(found, "dataset", name)


def find_project(
    client: labelbox.Client, name: str, project_id: str | None
) -> labelbox.Project | None:
    """Find the project by id or name; None if no project has the name.

    Raises:
        LabelboxError: Several projects have the name, or none has the id.
        MediaTypeError: It is not a video project.
    """
    import labelbox  # noqa: PLC0415 - the SDK is slow to import and not needed offline

    with labelbox_errors(f"looking for the Labelbox project {project_id or name}"):
        if project_id is not None:
            project = client.get_project(project_id)
        else:
            project = _only(
                list(client.get_projects(where=labelbox.Project.name == name)), "project", name
            )
    if project is not None and project.media_type != labelbox.MediaType.Video:
        raise MediaTypeError(
            f"Project {project.name} ({project.uid}) is of media type {project.media_type.name}, "
            "not Video; choose another project."
        )
    return project


def find_integration(
    client: labelbox.Client, wanted: str | None
) -> labelbox.IAMIntegration | str | None:
    """Find the IAM integration for a new dataset, in the form of the SDK.

    Args:
        client: The client.
        wanted: An id, a name, "DEFAULT" for the organization's default if it has one, or None.

    Raises:
        ConfigurationError: No integration has the id or name, or it is not valid.
    """
    if not wanted:
        return None
    with labelbox_errors("reading the IAM integrations of the organization"):
        known = client.get_organization().get_iam_integrations()
    if wanted == "DEFAULT":
        chosen = [each for each in known if each.is_org_default]
        if not chosen:
            return None
    else:
        chosen = [each for each in known if wanted in (each.uid, each.name)]
        chosen = [each for each in chosen if each.uid == wanted] or chosen
    if len(chosen) != 1:
        names = ", ".join(f"{each.name} ({each.uid})" for each in known) or "none"
        what = "several IAM integrations" if chosen else "no IAM integration"
        raise ConfigurationError(
            f"The organization has {what} '{wanted}'; it has {names}. Pass the id of one, "
            "or None to use none."
        )
    if not chosen[0].valid:
        raise ConfigurationError(
            f"IAM integration {chosen[0].name} ({chosen[0].uid}) is not valid; validate it in "
            "Labelbox's workspace settings, or pass another one."
        )
    return chosen[0]


def create_labelbox_dataset(
    client: labelbox.Client, name: str, integration: labelbox.IAMIntegration | str | None
) -> labelbox.Dataset:
    """Create a Labelbox dataset."""
    with labelbox_errors(f"creating the Labelbox dataset {name}"):
        dataset = client.create_dataset(iam_integration=integration, name=name)
    logger.info("Created the Labelbox dataset %s (%s)", name, dataset.uid)
    return dataset


def create_labelbox_project(client: labelbox.Client, name: str) -> labelbox.Project:
    """Create a video project."""
    import labelbox  # noqa: PLC0415 - the SDK is slow to import and not needed offline

    with labelbox_errors(f"creating the Labelbox project {name}"):
        project = client.create_project(name=name, media_type=labelbox.MediaType.Video)
    logger.info("Created the Labelbox project %s (%s)", name, project.uid)
    return project


def _only(found: list[Any], what: str, name: str) -> Any:
    if len(found) > 1:
        ids = ", ".join(str(each.uid) for each in found)
        raise LabelboxError(
            f"There are {len(found)} {what}s named '{name}' in Labelbox ({ids}); pass the id of "
            "the right one as well, or choose another name."
        )
    return found[0] if found else None
