"""Section 4's flowchart as a program: what failed, since when, why, whether it heals, what to type, whom to call."""
