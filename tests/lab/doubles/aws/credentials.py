"""Who calls: credentials that the double handed out, and the principals behind them."""

import secrets
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import frozen

from tests.lab.doubles.aws.errors import AwsError
from tests.lab.doubles.aws.names import ACCOUNT, TRUST


@frozen
class Credentials:
    """One key pair: of a role's session (with a token and an end) or of a user (without)."""

    access_key: str
    secret: str
    token: str | None
    role: str | None
    name: str
    expires: datetime | None

    @property
    def arn(self) -> str:
        """The caller's ARN as STS tells it."""
        if self.role:
            return f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.role}/{self.name}"
        return f"arn:aws:iam::{ACCOUNT}:user/{self.name}"

    @property
    def user_id(self) -> str:
        """The caller's unique id: the same for every session of one role but for the session's name."""
        kind, name = ("AROA", self.role) if self.role else ("AIDA", self.name)
        stable = "".join(character for character in name.upper() if character.isalnum()).ljust(17, "X")[:17]
        return f"{kind}{stable}:{self.name}" if self.role else f"{kind}{stable}"

    def as_json(self) -> dict[str, Any]:
        """The members as STS names them; Expiration is ISO 8601."""
        members = {"AccessKeyId": self.access_key, "SecretAccessKey": self.secret}
        if self.token and self.expires:
            members |= {"SessionToken": self.token, "Expiration": self.expires.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return members


class Vault:
    """Every key pair handed out since the start."""

    def __init__(self, clock: Callable[[], datetime] | None = None) -> None:
        self._clock = clock or (lambda: datetime.now(UTC))
        self._offset = timedelta()
        self._known: dict[str, Credentials] = {}

    def now(self) -> datetime:
        """The double's time: the machine's, moved by the offset."""
        return self._clock() + self._offset

    def move_clock(self, seconds: float) -> None:
        """Lets the double's clock run that many seconds ahead of the machine's."""
        self._offset = timedelta(seconds=seconds)

    def assume(self, role: str, minutes: float = 60, session: str = "lab") -> Credentials:
        """New temporary credentials; KeyError for an unknown role."""
        if role not in TRUST:
            raise KeyError(role)
        ends = self.now() + timedelta(minutes=minutes)
        return self._keep(
            Credentials(_key("ASIA"), secrets.token_hex(20), "lab" + secrets.token_urlsafe(96), role, session, ends)
        )

    def user(self, name: str) -> Credentials:
        """New long-lived keys of an IAM user."""
        return self._keep(Credentials(_key("AKIA"), secrets.token_hex(20), None, None, name, None))

    def find(self, access_key: str, token: str | None) -> Credentials:
        """The credentials, if known, with the right session token and not expired; else AwsError."""
        found = self._known.get(access_key)
        if found is None or found.token != token:
            raise AwsError("UnrecognizedClientException", "The security token included in the request is invalid.", 403)
        if found.expires and found.expires <= self.now():
            raise AwsError("ExpiredTokenException", "The security token included in the request is expired", 403)
        return found

    def _keep(self, credentials: Credentials) -> Credentials:
        self._known[credentials.access_key] = credentials
        return credentials


def _key(prefix: str) -> str:
    alphabet = string.ascii_uppercase + "234567"
    return prefix + "".join(secrets.choice(alphabet) for _ in range(16))
