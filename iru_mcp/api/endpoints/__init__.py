"""The endpoints that are read, one module per section of Iru's API: its records, then the endpoints that give them."""
