"""Define the errors of Labelbox's GraphQL API: a message with a code."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError


class CodedError(GraphQLError):
    """An error whose ``extensions.code`` selects the exception that the SDK raises."""

    code = "INTERNAL_SERVER_ERROR"

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": self.code})


class NotFoundError(CodedError):
    """The SDK raises ResourceNotFoundError."""

    code = "RESOURCE_NOT_FOUND"


class InvalidQueryError(CodedError):
    """The SDK raises InvalidQueryError."""

    code = "GRAPHQL_VALIDATION_FAILED"


class NotAllowedError(CodedError):
    """The SDK raises OperationNotAllowedException."""

    code = "OPERATION_NOT_ALLOWED"


class ConflictError(CodedError):
    """The SDK raises ResourceConflict."""

    code = "RESOURCE_CONFLICT"


class MalformedError(CodedError):
    """The SDK raises MalformedQueryException."""

    code = "MALFORMED_REQUEST"


class NotServedError(CodedError):
    """A feature that the sandbox does not have; the SDK raises LabelboxError."""

    code = "NOT_IN_SANDBOX"


def error_reply(message: str, code: str, **more: Any) -> dict[str, Any]:
    """Return a reply with one error."""
    return {"errors": [{"message": message, "extensions": {"code": code}, **more}], "data": None}
