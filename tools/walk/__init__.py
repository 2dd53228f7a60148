"""The table of figures: how large the tree is, how deep a message goes in it, what that takes."""
