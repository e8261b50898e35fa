"""Promotions, rollbacks and deploys: the only place that composes cluster, registry, GitHub, gates and ledger."""
