"""What values are: numbers, text, categories and times, in data, in the file and in samples."""
