"""What the clock makes: digests, reminders, repairs."""
