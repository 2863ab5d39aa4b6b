"""The methods on real handwriting: Omniglot's images, its folds, its jobs, their sweep."""
