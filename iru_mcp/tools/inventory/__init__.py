"""SQL over the fleet, and its history: the tools that read the local copy instead of asking Iru each time."""
