"""Watches the files of a developer: code, layers, templates."""
