"""The environment's record of what was done to it, its holds, and the one lock of an environment."""
