"""Questions to the store, shared by verbs and pages."""
