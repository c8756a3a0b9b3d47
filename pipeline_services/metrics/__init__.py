"""The key metrics of section 8 as typed rows, and the advice that findings carry."""
