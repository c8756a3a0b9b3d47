"""The key metrics of section 8 as typed rows, the advice that findings carry, and the known issues of section 9."""
