"""What is known: values, store, migrations and settings, the ground that eye and mouth stand on."""
