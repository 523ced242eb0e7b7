"""What a change is and what it means: difference, sentences, significance. Pure."""
