"""Rollouts: what the cluster's signs mean, and the verdict on a change of image. Pure, but for `follow`."""
