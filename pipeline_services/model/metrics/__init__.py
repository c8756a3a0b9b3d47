"""The key metrics of section 8, with query and levels in `levels/`, and the advice that findings carry."""
