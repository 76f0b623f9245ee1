"""The synthetic tasks of TimeX: short patterns in simple series, whose kind and order are the class."""
