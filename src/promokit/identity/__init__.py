"""Which image runs here, proven from the pods, and which tag it has."""
