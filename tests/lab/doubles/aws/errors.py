"""How AWS refuses: an error's code and message, told in each service's own protocol."""


class AwsError(Exception):
    """A refusal; `members` are an error shape's members besides the message."""

    def __init__(self, code: str, message: str, status: int = 400, **members: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members


def denied(arn: str, action: str, resource: str) -> AwsError:
    """What IAM answers where no policy allows the action."""
    return AwsError(
        "AccessDeniedException",
        f"User: {arn} is not authorized to perform: {action} on resource: {resource}"
        " because no identity-based policy allows the action",
    )
