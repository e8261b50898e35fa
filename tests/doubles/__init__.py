"""The doubles, checked: that they answer as the real services do, and that they refuse as those do."""
