from tests.cluster.served import api

__all__ = ["api"]
