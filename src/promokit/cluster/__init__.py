"""The only folder that speaks to a Kubernetes API. It says what is there; what that means is said elsewhere."""
