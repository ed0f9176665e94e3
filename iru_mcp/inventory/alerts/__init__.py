"""Rules over the copy, the alerts they raise, and the webhook that is told."""
