"""The benchmark: registries, training, evaluation, metrics, store, runner, leaderboards and the command line."""
