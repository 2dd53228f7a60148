"""Records the events that functions get, and replays them."""
