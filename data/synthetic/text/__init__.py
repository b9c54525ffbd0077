"""The texts of a world: vocabulary, clauses, languages, the writer."""
