"""Where bytes lie and how they are read and written; knows nothing of datasets."""
