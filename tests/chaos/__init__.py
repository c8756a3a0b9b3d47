"""Tests of what breaks the pipeline and of what judges it meanwhile; no cluster needed."""
