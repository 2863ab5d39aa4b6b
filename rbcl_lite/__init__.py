"""rbcl_lite."""
