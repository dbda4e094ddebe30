"""Print the lowest versions of the direct dependencies, as constraints for pip."""

import re
import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
extras = project["optional-dependencies"]
tested = [extra for name in ("sandbox", "s3", "gcs", "azure", "evaluate") for extra in extras[name]]
for requirement in [*project["dependencies"], *tested]:
    bound = re.fullmatch(r"([\w.-]+)(?:\[.*\])?>=([\d.]+)(?:,.*)?", requirement)
    if bound is None:
        sys.exit(f"{requirement!r} of pyproject.toml has no lowest version; write name>=version.")
    print("==".join(bound.groups()))  # noqa: T201 - what it is for
