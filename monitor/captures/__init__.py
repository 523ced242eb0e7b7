"""Work on captures beside polling: importing history, quarantine, extracting again."""
