"""A Lambda service for one machine: processes behind the Lambda Runtime API."""
