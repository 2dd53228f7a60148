"""Recording what functions are invoked with, and invoking them with it again."""
