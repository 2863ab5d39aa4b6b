"""Base of everything: files, tensors, progress, scale, device, fingerprint, provenance."""
