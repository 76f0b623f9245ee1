"""Attribution methods: (model, inputs, target, …) to attributions of the inputs' shape, on any nn.Module."""
