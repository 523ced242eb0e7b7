"""What is done with captures beside polling: importing history, holding back, extracting again."""
