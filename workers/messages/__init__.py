"""From an event to stored messages: description, routing, planning, fan-out."""
