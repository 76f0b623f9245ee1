"""Why saliency vanishes: Jacobians and relevance over time."""
