"""A Lambda service for one machine: real processes behind the Lambda Runtime API."""
