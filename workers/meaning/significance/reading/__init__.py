"""From text to sentences, clauses, dates, actors and words: what the other rooms ask of a narrative."""
