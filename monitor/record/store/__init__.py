"""The store: tables, transactions, upgrades."""
