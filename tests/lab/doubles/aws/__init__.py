"""The AWS double: ECR, EKS and STS behind one endpoint, and the API servers' token webhook."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.lab.doubles.aws import ecr, eks, layers, sts, webhook
from tests.lab.doubles.aws.credentials import Credentials, Vault
from tests.lab.doubles.aws.errors import AwsError
from tests.lab.doubles.aws.layers import Layers
from tests.lab.doubles.aws.names import REGION
from tests.lab.doubles.aws.registry import Registry
from tests.lab.doubles.double import Double
from tests.lab.doubles.messages import Request, Response, Route, json_response, late_or_lost


class AwsDouble(Double):
    """Stands in front of `registry` (a URL); `clusters` is the lab's file, which may appear later."""

    def __init__(
        self,
        *,
        registry: str,
        clusters: Path | None = None,
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._vault = Vault(clock)
        self._clusters = clusters or Path("/nonexistent")
        self._layers = Layers(self._vault)
        self._ecr = ecr.Ecr(Registry(registry), self._vault, lambda: self.url, self._layers)
        super().__init__(port)

    def assume(self, role: str, minutes: float = 60, session: str = "lab") -> Credentials:
        """Temporary credentials of a role, as POST /_lab/assume gives them."""
        return self._vault.assume(role, minutes, session)

    def environ(self, role: str) -> dict[str, str]:
        """The environment of a process that holds this role's credentials and speaks to this double."""
        keys = self.assume(role)
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret,
            "AWS_SESSION_TOKEN": keys.token or "",
        }

    def answer(self, request: Request) -> Response:
        """One call of ECR, EKS or STS, or a download of a layer."""
        if request.path.startswith(layers.PATH):
            return self._layers.download(request)
        service = _service(request)
        fault = self.faults.take(lambda fault: fault.get("operation") in {None, service.operation(request)})
        try:
            if fault and "error" in fault:
                raise AwsError(fault["error"], fault.get("message", "Rate exceeded"), fault.get("status", 400))
            answer = self._call(service, request)
        except AwsError as error:
            answer = service.refuse(error)
        return late_or_lost(answer, fault)

    def _call(self, service: ModuleType, request: Request) -> Response:
        if service is ecr:
            return self._ecr.answer(request)
        if service is eks:
            return eks.answer(request, self._vault, self._clusters)
        return sts.answer(request, self._vault)

    def note(self, request: Request, response: Response) -> dict[str, Any]:
        """Adds the operation's name to the journal's line."""
        return {**super().note(request, response), "name": _service(request).operation(request)}

    def reset(self) -> None:
        """Repositories as at the start, the clock right again; credentials stay good."""
        super().reset()
        self._ecr.reset()
        self._vault.move_clock(0)

    def control(self) -> Sequence[Route]:
        """Credentials, repository settings, the clock, the webhook."""
        return [
            ("POST", "/_lab/assume", self._assume),
            ("POST", "/_lab/clock", self._move_clock),
            ("PUT", "/_lab/repositories/(?P<name>.+)", self._configure),
            ("POST", "/_lab/webhook/(?P<cluster>[^/]+)", self._review),
        ]

    def _assume(self, request: Request) -> Response:
        asked = request.json()
        if "user" in asked:
            return json_response(self._vault.user(asked["user"]).as_json())
        made = self.assume(asked["role"], asked.get("minutes", 60), asked.get("session", "lab"))
        return json_response(made.as_json())

    def _move_clock(self, request: Request) -> Response:
        self._vault.move_clock(float(request.json()["offset"]))
        return json_response({"now": self._vault.now().isoformat()})

    def _configure(self, request: Request, name: str) -> Response:
        self._ecr.configure(name, request.json())
        return json_response(self._ecr.repositories[name].describe())

    def _review(self, request: Request, cluster: str) -> Response:
        return webhook.review(request, cluster, self._vault, self.url)


def _service(request: Request) -> ModuleType:
    if ecr.operation(request):
        return ecr
    return sts if request.path == "/" else eks
