"""botocore's clients of the AWS double, whose every answer is checked against the service's model."""

from typing import Any

from botocore.config import Config
from botocore.session import Session

from tests.doubles.aws_models import complaints
from tests.lab.doubles.aws import AwsDouble
from tests.lab.doubles.aws.credentials import Credentials
from tests.lab.doubles.aws.names import REGION

_SESSION = Session()  # One, since it keeps the parsed service models.


def client(aws: AwsDouble, service: str, who: Credentials | str = "promokit-plan", attempts: int = 1) -> Any:
    """A client that holds a role's fresh credentials, or the given ones."""
    keys = aws.assume(who) if isinstance(who, str) else who
    made = _SESSION.create_client(
        service,
        region_name=REGION,
        endpoint_url=aws.url,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret,
        aws_session_token=keys.token,
        config=Config(retries={"total_max_attempts": attempts, "mode": "standard"}),
    )
    made.meta.events.register(f"before-parse.{service}", _check)
    return made


def _check(response_dict: dict[str, Any], operation_model: Any, **_: Any) -> None:
    if wrong := complaints(operation_model, response_dict):
        raise AssertionError(f"{operation_model.name}: {wrong}")
