"""Layouts of the data sets that people use: how each names its people, cameras and parts."""
