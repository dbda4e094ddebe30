"""Define the error of the sandbox's Python interface."""


class SandboxError(ValueError):
    """An argument or call that the sandbox cannot serve; the message says what to change."""
