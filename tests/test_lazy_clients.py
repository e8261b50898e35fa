import subprocess
import sys

import pytest

CLIENTS = ("botocore", "requests", "urllib3", "slack_sdk", "tenacity", "kubernetes")


@pytest.mark.parametrize("module", ["registry", "github", "slack.message", "slack.post", "transport"])
def test_an_adapter_imports_its_client_only_when_it_is_used(module: str) -> None:
    """A command that asks nobody starts in milliseconds."""
    program = f"import sys, promokit.{module}; print(*[name for name in {CLIENTS} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
