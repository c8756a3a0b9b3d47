"""What a pipeline that runs well may still have wrong by construction: each finding with the lines that show it."""
