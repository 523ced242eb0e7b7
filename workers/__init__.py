"""The mouth: tells people what the eye wrote down."""
