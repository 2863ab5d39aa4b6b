"""What new queries find while a gallery is backfilled: measured, in tables, and live."""
