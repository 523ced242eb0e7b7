"""What several formats share: tables, groups, rows. Pure."""
