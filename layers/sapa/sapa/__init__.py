"""Sapa: a bot on API Gateway WebSocket APIs, made of plain Python functions."""
