"""Methods that change the input and look at the output."""
