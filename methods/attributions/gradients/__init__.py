"""Methods that average gradients."""
