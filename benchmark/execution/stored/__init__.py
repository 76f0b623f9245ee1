"""What a run stores: samples, trained networks, maps and scores, and how they are read again."""
