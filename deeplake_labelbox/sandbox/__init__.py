"""A local Labelbox that the real SDK talks to."""

from deeplake_labelbox.sandbox.box import Sandbox
from deeplake_labelbox.sandbox.errors import SandboxError
from deeplake_labelbox.sandbox.faults import Fault, Faults
from deeplake_labelbox.sandbox.projects import SandboxProject
from deeplake_labelbox.sandbox.rows import SandboxDataRow, SandboxLabel

__all__ = [
    "Fault",
    "Faults",
    "Sandbox",
    "SandboxDataRow",
    "SandboxError",
    "SandboxLabel",
    "SandboxProject",
]
