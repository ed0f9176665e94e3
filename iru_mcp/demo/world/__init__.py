"""What the demo tenant is: people, devices, software, and the two incidents of its story."""
