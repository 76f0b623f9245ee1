"""Task fMRI: simulated, and of the Human Connectome Project."""
