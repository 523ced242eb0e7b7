"""Email: text and HTML over SMTP, or as files in a folder."""
