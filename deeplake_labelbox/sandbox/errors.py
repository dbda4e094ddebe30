"""The error that the sandbox raises in the program that runs it."""


class SandboxError(ValueError):
    """The sandbox cannot do what it was asked for; the message says what to change."""
