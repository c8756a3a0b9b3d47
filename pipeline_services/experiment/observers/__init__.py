"""How a scenario is observed: until it is diagnosed, until its cause is mended, or until the pipeline has recovered."""
