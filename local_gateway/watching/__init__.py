"""Notices that files change which somebody writes: code, layers, templates."""
