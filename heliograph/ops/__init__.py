"""The door for those who run the network: the `heliograph` command, health, numbers."""
