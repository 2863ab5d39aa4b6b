"""Where images come from: drawn pedestrians, folders of crops, splits, batches."""
