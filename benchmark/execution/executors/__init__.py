"""Where the units of a run are computed: in this process, or in worker processes."""
