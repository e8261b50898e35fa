"""Migrations: one Job an image, from a template, followed to its verdict."""
