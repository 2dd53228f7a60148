"""What `sam local` has to be told, so that its containers work with the services of a run."""
