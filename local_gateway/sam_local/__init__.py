"""Lets the containers of `sam local` work with the AWS services of a run."""
