from tests.cli.explained import told
from tests.cluster.served import api

__all__ = ["api", "told"]
