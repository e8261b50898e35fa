"""Sessions of botocore, by the credentials of the environment. botocore is imported at the first call."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from attrs import frozen

from promokit.errors import ConfigError, PromokitError, Unreachable


class _EveryService(tuple[str, ...]):
    """Has each name that is asked for. That there is no such service is told when its folder is opened."""

    def __contains__(self, name: object) -> bool:
        return True


@frozen
class _Files:
    """Reads botocore's files of plain JSON, one of them a megabyte, in a third of its time; leaves it all others."""

    theirs: Any

    def exists(self, file_path: str) -> bool:
        return bool(self.theirs.exists(file_path))

    def load_file(self, file_path: str) -> Any:
        import msgspec

        try:
            return msgspec.json.decode(Path(f"{file_path}.json").read_bytes())
        except (OSError, msgspec.DecodeError):
            return self.theirs.load_file(file_path)


def session() -> Any:
    """Return a new session; all sessions share what was read of botocore's files."""
    from botocore.session import Session

    made = Session()
    made.register_component("data_loader", _loader())
    return made


@functools.cache
def _loader() -> Any:
    """Return what reads botocore's files.

    It knows a service by looking through the folders of all four hundred, which takes a tenth of a second for each
    client, on a cold disk a second. Who asks knows it: we, and botocore itself, which has credentials from STS or SSO.
    """
    from botocore.loaders import create_loader

    loader = create_loader()
    loader.list_available_services = lambda type_name: _EveryService()
    loader.file_loader = _Files(loader.file_loader)
    return loader


def of_credentials(error: Exception, where: str) -> PromokitError | None:
    """Return what botocore's error says of this machine's credentials; None where it speaks of something else."""
    from botocore import exceptions as told

    name = type(error).__name__
    if isinstance(error, told.ProfileNotFound):
        return ConfigError("the AWS profile isn't configured", where=where, remedy="check AWS_PROFILE")
    if isinstance(error, (told.NoCredentialsError, told.PartialCredentialsError)):
        remedy = "aws sso login; in a workflow, aws-actions/configure-aws-credentials before this step"
        return Unreachable(f"there are no AWS credentials here ({name})", where=where, remedy=remedy)
    if isinstance(error, (told.SSOTokenLoadError, told.UnauthorizedSSOTokenError, told.TokenRetrievalError)):
        return Unreachable(f"the AWS single sign-on has expired ({name})", where=where, remedy="run `aws sso login`")
    return None
