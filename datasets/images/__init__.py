"""Images read as time series: digits and MNIST."""
