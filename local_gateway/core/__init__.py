"""The rules of API Gateway as pure functions and values: no I/O, no clock, no randomness."""
