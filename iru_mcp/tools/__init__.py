"""What a model can ask: one module per section of Iru's API."""
