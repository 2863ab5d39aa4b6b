"""What a GPU does: its report, the steps that it times, and jobs that end in time."""
