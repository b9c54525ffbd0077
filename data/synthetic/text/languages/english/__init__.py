"""English: the rules that its tweets are built from, beside the words of `languages.en`."""
