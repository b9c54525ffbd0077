"""The filtered stream: rules, and the tweets that match them while they are posted."""
