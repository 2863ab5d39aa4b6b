"""What everyone stands on: files, tensors, progress, scale, device, fingerprint, provenance."""
