"""Reads a running namespace and writes the profile of its pipeline, saying of each line where it is from.

What is there is described; how it is doing is not looked at. So what is missing later is a finding.
"""
