"""On-task share and accuracy after removing salient cells."""
